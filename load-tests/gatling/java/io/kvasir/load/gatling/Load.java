package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.asLongAsDuring;
import static io.gatling.javaapi.core.CoreDsl.bodyString;
import static io.gatling.javaapi.core.CoreDsl.csv;
import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.group;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.repeat;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.ByteArrayBodyPart;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.sse;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.http.action.sse.SseInboundMessage;
import io.gatling.javaapi.core.Assertion;
import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import io.kvasir.load.ReplyPositions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What people do, for the simulations to put together; each begins anew, whatever failed before. Told by system properties: {@code kvasir.load.url}, {@code .users},
 * {@code .seconds}, {@code .p95} and {@code .p99} (milliseconds), {@code .errors} (percent), and {@code .people}, a file of
 * {@code tenant,token,kb,slug} with a line for each tenant.
 */
final class Load {
    static final int USERS = Integer.getInteger("kvasir.load.users");
    static final int SECONDS = Integer.getInteger("kvasir.load.seconds");
    static final int P95 = Integer.getInteger("kvasir.load.p95");
    static final int P99 = Integer.getInteger("kvasir.load.p99");
    static final double ERRORS = Double.parseDouble(System.getProperty("kvasir.load.errors"));
    /** Each as {@code tenant}, {@code token}, {@code kb} and {@code slug}. */
    static final List<Map<String, Object>> TENANTS =
            csv(System.getProperty("kvasir.load.people")).readRecords();

    private static final AtomicInteger WORDS = new AtomicInteger();
    private static final AtomicInteger TOLD = new AtomicInteger();
    /** Each has its answer in what the tenants know, so that none is refused before the model is asked. */
    private static final String[] QUESTIONS = {
        "When are refunds for a lamp paid?",
        "When are refunds for a chair paid?",
        "When are refunds for a table paid?",
        "When are refunds for a bed paid?",
        "When are refunds for a carpet paid?",
        "When are refunds for a mirror paid?",
        "When are refunds for a shelf paid?",
        "When are refunds for a clock paid?"
    };

    private Load() {}

    static HttpProtocolBuilder protocol() {
        return http.baseUrl(System.getProperty("kvasir.load.url"))
                .acceptHeader("application/json")
                .userAgentHeader("kvasir-load")
                .disableCaching()
                .sseUnmatchedInboundMessageBufferSize(100_000);
    }

    /** Somebody of a tenant's staff. @param tenant the first is 0 */
    static ChainBuilder staff(int tenant) {
        return exec(session -> session.setAll(TENANTS.get(tenant % TENANTS.size())));
    }

    /** Somebody who came by the link a tenant shares, with a conversation and a token for it alone. */
    static ChainBuilder visitor(int tenant) {
        return staff(tenant)
                .exec(http("visit")
                        .post("/api/v1/public/#{slug}/conversations")
                        .check(status().is(201))
                        .check(jsonPath("$.id").saveAs("conversation"))
                        .check(jsonPath("$.accessToken").saveAs("token")));
    }

    static ChainBuilder conversation() {
        return exec(http("begin a conversation")
                .post("/api/v1/chat/conversations")
                .header("Authorization", "Bearer #{token}")
                .header("Content-Type", "application/json")
                .body(StringBody("{\"kbId\":\"#{kb}\"}"))
                .check(status().is(201))
                .check(jsonPath("$.id").saveAs("conversation")));
    }

    /**
     * Asks and reads along. "ask" lasts until the stream is open, "first delta" from there to the first words, the group
     * "reply" from the question to the last event, and is failed where anything was missing or out of place.
     */
    static ChainBuilder reply() {
        return group("reply")
                .on(exec(session -> session.markAsSucceeded().set("question", any(QUESTIONS)))
                        .exec(sse("ask")
                                .post("/api/v1/chat/conversations/#{conversation}/messages")
                                .header("Authorization", "Bearer #{token}")
                                .header("Content-Type", "application/json")
                                .body(StringBody("{\"content\":\"#{question}\"}"))
                                .await(60)
                                .on(sse.checkMessage("first delta")
                                        .matching(jsonPath("$.event").in("delta", "turn.failed", "turn.completed"))
                                        .check(jsonPath("$.event").is("delta"))
                                        .check(bodyString().saveAs("first")))
                                .await(120)
                                .on(sse.checkMessage("terminal event")
                                        .matching(
                                                jsonPath("$.event").in("turn.completed", "turn.failed", "turn.stopped"))
                                        .check(bodyString().saveAs("last"))
                                        .check(jsonPath("$.event").is("turn.completed"))))
                        .exec(sse.processUnmatchedMessages(Load::whole))
                        .exec(sse("leave").close()));
    }

    /**
     * What was said is what is kept, as the reply to the first question: where Gatling sees the end of the stream before it
     * comes to leave it, it connects again, and so asks again.
     */
    static ChainBuilder readAgain() {
        return exec(http("messages")
                        .get("/api/v1/chat/conversations/#{conversation}/messages")
                        .header("Authorization", "Bearer #{token}")
                        .check(status().is(200))
                        .check(bodyString().saveAs("messages"))
                        .check(jsonPath("$.items[1].content").isEL("#{said}")))
                .exec(session -> {
                    if (session.isFailed() && session.contains("messages") && TOLD.incrementAndGet() <= 10) {
                        System.out.println("what was said is not what is kept:\n" + session.getString("said") + "\n"
                                + session.getString("messages"));
                    }
                    return session.remove("messages");
                });
    }

    static ChainBuilder search() {
        return exec(session -> session.markAsSucceeded().set("question", any(QUESTIONS)))
                .exec(http("search")
                        .post("/api/v1/knowledge-bases/#{kb}/knowledge/search")
                        .header("Authorization", "Bearer #{token}")
                        .header("Content-Type", "application/json")
                        .body(StringBody("{\"query\":\"#{question}\",\"limit\":5}"))
                        .check(status().is(200))
                        .check(jsonPath("$.results[0].passageId").exists()));
    }

    /**
     * A document with a word that is in no other, from the upload until the word is found. The group "document" lasts that
     * long, and is failed where the job fails, takes more than a minute, or its word is not found; then the document is
     * deleted.
     */
    static ChainBuilder document() {
        return exec(session -> session.markAsSucceeded().set("word", word()).set("status", "pending"))
                .exec(group("document")
                        .on(exec(http("upload")
                                        .post("/api/v1/knowledge-bases/#{kb}/documents")
                                        .header("Authorization", "Bearer #{token}")
                                        .bodyPart(ByteArrayBodyPart("file", Load::pages)
                                                .fileName("#{word}.md")
                                                .contentType("text/markdown"))
                                        .asMultipartForm()
                                        .check(status().is(202))
                                        .check(jsonPath("$.jobs[0].id").saveAs("job"))
                                        .check(jsonPath("$.jobs[0].documentId").saveAs("document")))
                                .exec(asLongAsDuring(Load::reading, Duration.ofSeconds(60))
                                        .on(pause(Duration.ofMillis(100))
                                                .exec(http("job")
                                                        .get("/api/v1/knowledge-bases/#{kb}/jobs/#{job}")
                                                        .header("Authorization", "Bearer #{token}")
                                                        .check(status().is(200))
                                                        .check(jsonPath("$.status")
                                                                .in("pending", "processing", "completed")
                                                                .saveAs("status")))))
                                .exec(session -> reading(session) ? session.markAsFailed() : session)
                                .exec(http("find it")
                                        .post("/api/v1/knowledge-bases/#{kb}/knowledge/search")
                                        .header("Authorization", "Bearer #{token}")
                                        .header("Content-Type", "application/json")
                                        .body(StringBody("{\"query\":\"#{word}\",\"mode\":\"keyword\"}"))
                                        .check(status().is(200))
                                        .check(substring("#{word}").exists()))))
                .exec(http("delete it")
                        .delete("/api/v1/knowledge-bases/#{kb}/documents/#{document}")
                        .header("Authorization", "Bearer #{token}")
                        .check(status().in(200, 202, 204)));
    }

    /** Makes a knowledge base, looks at it, and deletes it. */
    static ChainBuilder knowledgeBase() {
        return exec(http("make a knowledge base")
                        .post("/api/v1/knowledge-bases")
                        .header("Authorization", "Bearer #{token}")
                        .header("Content-Type", "application/json")
                        .body(StringBody("{\"name\":\"Passing\"}"))
                        .check(status().is(201))
                        .check(jsonPath("$.id").saveAs("passing")))
                .exec(repeat(2)
                        .on(http("read a knowledge base")
                                .get("/api/v1/knowledge-bases/#{passing}")
                                .header("Authorization", "Bearer #{token}")
                                .check(status().is(200))))
                .exec(http("delete a knowledge base")
                        .delete("/api/v1/knowledge-bases/#{passing}")
                        .header("Authorization", "Bearer #{token}")
                        .check(status().in(200, 202, 204)));
    }

    /** That no more than the permitted share failed, and most took no longer than is permitted. */
    static List<Assertion> bars(String... path) {
        return List.of(
                details(path).failedRequests().percent().lte(ERRORS),
                details(path).responseTime().percentile(95).lte(P95),
                details(path).responseTime().percentile(99).lte(P99));
    }

    private static boolean reading(Session session) {
        return !session.isFailed() && !"completed".equals(session.getString("status"));
    }

    private static Session whole(List<SseInboundMessage> others, Session session) {
        List<String> events = new ArrayList<>();
        String first = session.contains("first") ? session.getString("first") : null;
        for (SseInboundMessage other : others) {
            // What was waited for is not among them: the first words come before all others.
            if (first != null && other.message().contains("\"event\":\"delta\"")) {
                events.add(first);
                first = null;
            }
            events.add(other.message());
        }
        if (first != null) {
            events.add(first);
        }
        if (session.contains("last")) {
            events.add(session.getString("last"));
        }
        ReplyPositions reply = new ReplyPositions(events);
        if (reply.wrong().isEmpty()) {
            return session.removeAll("first", "last").set("said", reply.text());
        }
        if (TOLD.incrementAndGet() <= 10) {
            System.out.println("a reply is not whole: " + reply.wrong().get());
        }
        return session.removeAll("first", "last").set("said", "").markAsFailed();
    }

    /** About 3 KB, a dozen passages. */
    private static byte[] pages(Session session) {
        StringBuilder pages =
                new StringBuilder("# About ").append(session.getString("word")).append("\n\n");
        for (int i = 0; i < 12; i++) {
            pages.append("## Rule ")
                    .append(i)
                    .append("\n\nWhoever deals with ")
                    .append(session.getString("word"))
                    .append(" keeps rule ")
                    .append(i)
                    .append(": goods that came back are checked within ")
                    .append(ThreadLocalRandom.current().nextInt(2, 30))
                    .append(" days, the customer is told by letter, and the store keeps a copy of it for a year.\n\n");
        }
        return pages.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String word() {
        return "zq" + Long.toString(System.nanoTime(), 36) + "x" + WORDS.incrementAndGet();
    }

    private static String any(String[] all) {
        return all[ThreadLocalRandom.current().nextInt(all.length)];
    }
}
