package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.ingestion.mailbox.MailDouble;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mailboxes through the outer face of a real server, which is killed in the middle of reading one. */
class EmailTest {
    private static final int MAILS = 60;
    private static final Map<String, String> LOOPBACK =
            Map.of("KVASIR_OUTBOUND_ALLOWED_NETWORKS", "127.0.0.0/8, ::1/128");
    private static final String[] TRUST = {
        "-Djavax.net.ssl.trustStore=" + MailDouble.KEYS, "-Djavax.net.ssl.trustStorePassword=" + MailDouble.KEY_PASSWORD
    };

    @TempDir
    Path folder;

    private static Map<String, Object> account(MailDouble mail) {
        Map<String, Object> account = new HashMap<>();
        account.put("provider", "imap");
        account.put("email", MailDouble.USER);
        account.put("host", "localhost");
        account.put("port", mail.port());
        account.put("password", MailDouble.PASSWORD);
        return account;
    }

    private static String knowledgeBase(Api api) throws Exception {
        return "/api/v1/knowledge-bases/"
                + api.post("/api/v1/knowledge-bases", Map.of("name", "Post"))
                        .expect(201)
                        .body()
                        .get("id")
                        .asText();
    }

    /** A word that stands in this mail alone. */
    private static String word(int mail) {
        return "parcel" + (char) ('a' + mail % 26) + (char) ('a' + mail / 26) + "zq";
    }

    @Test
    void killedInTheMiddleOfASyncItReadsEachMailOnce() throws Exception {
        try (MailDouble mail = new MailDouble()) {
            for (int i = 0; i < MAILS; i++) {
                mail.deliver(
                        "INBOX",
                        MailDouble.mail(
                                "m" + i + "@example.org", "Mail " + i, "The word of this mail is " + word(i) + "."));
            }
            mail.slow(Duration.ofMillis(40));
            Path data = folder.resolve("data");
            String one;
            String base;
            try (ServerProcess server = ServerProcess.start(data, LOOPBACK, TRUST);
                    Api api = Api.owner(server)) {
                base = knowledgeBase(api);
                JsonNode added = api.post(base + "/email-accounts", account(mail))
                        .expect(201)
                        .body();
                assertThat(added.toString()).doesNotContain(MailDouble.PASSWORD);
                one = base + "/email-accounts/" + added.get("id").asText();
                int first = killedAfter(server, api, one, 5);
                assertThat(first).isLessThan(MAILS);
            }
            try (ServerProcess server = ServerProcess.start(data, LOOPBACK, TRUST);
                    Api api = Api.owner(server)) {
                killedAfter(server, api, one, 30);
            }
            try (ServerProcess server = ServerProcess.start(data, LOOPBACK, TRUST);
                    Api api = Api.owner(server)) {
                mail.slow(Duration.ZERO);
                fresh(api, one);
                eachOnce(api, base, one);

                // And once more, from the beginning to the end.
                api.post(one + "/sync", Map.of()).expect(202);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> api.get(one + "/history")
                                        .expect(200)
                                        .body()
                                        .get("items")
                                        .size()
                                == 2);
                fresh(api, one);
                eachOnce(api, base, one);
                JsonNode sync = api.get(one).expect(200).body().get("sync");
                assertThat(sync.get("changed").asInt()).isZero();
                assertThat(Files.readString(server.log())).doesNotContain(MailDouble.PASSWORD);

                api.delete(one).expect(204);
                api.get(one).expect(404);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> hits(api, base, word(7)).isEmpty());
            }
        }
    }

    /** @return how many mails could be found then */
    private static int killedAfter(ServerProcess server, Api api, String one, int mails) throws Exception {
        await().atMost(Duration.ofSeconds(90))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> searchable(api, one) >= mails);
        server.kill();
        return mails;
    }

    private static int searchable(Api api, String one) throws Exception {
        return api.get(one).expect(200).body().get("messages").get("searchable").asInt();
    }

    private static void fresh(Api api, String one) {
        await().atMost(Duration.ofSeconds(120))
                .until(() ->
                        api.get(one).expect(200).body().get("status").asText().equals("fresh"));
    }

    private static List<String> hits(Api api, String base, String word) throws Exception {
        return api.post(base + "/knowledge/search", Map.of("query", word, "mode", "keyword", "limit", 20))
                .expect(200)
                .body()
                .get("results")
                .valueStream()
                .map(hit -> hit.get("text").asText())
                .filter(text -> text.contains(word))
                .toList();
    }

    private static void eachOnce(Api api, String base, String one) throws Exception {
        JsonNode items = api.get(one + "/messages?limit=200").expect(200).body().get("items");
        Set<String> keys = new HashSet<>();
        items.forEach(item -> {
            assertThat(item.get("searchable").asBoolean()).isTrue();
            keys.add(item.get("key").asText());
        });
        assertThat(items).hasSize(MAILS);
        assertThat(keys).hasSize(MAILS);
        for (int i = 0; i < MAILS; i++) {
            assertThat(hits(api, base, word(i))).as(word(i)).hasSize(1);
        }
    }

    @Test
    void whatIsWrongIsSaidAndNothingBreaks() throws Exception {
        try (MailDouble mail = new MailDouble();
                ServerProcess server = ServerProcess.start(folder.resolve("data"), LOOPBACK, TRUST);
                Api api = Api.owner(server)) {
            String accounts = knowledgeBase(api) + "/email-accounts";
            Map<String, Object> good = account(mail);
            for (Map.Entry<String, Object> wrong : Map.<String, Object>of(
                            "provider",
                            "pigeon",
                            "email",
                            "nobody",
                            "host",
                            "bad host/..",
                            "port",
                            70_000,
                            "password",
                            "",
                            "months",
                            0,
                            "frequencyHours",
                            10_000,
                            "folders",
                            List.of(" "))
                    .entrySet()) {
                Map<String, Object> body = new HashMap<>(good);
                body.put(wrong.getKey(), wrong.getValue());
                assertThat(api.post(accounts, body)
                                .expect(400)
                                .body()
                                .get("errors")
                                .findValuesAsText("pointer"))
                        .contains("/" + wrong.getKey());
            }
            api.post(accounts, Map.of("provider", "imap", "surprise", 1)).expect(400);

            JsonNode tried = api.post(accounts + "/test", good).expect(200).body();
            assertThat(tried.get("ok").asBoolean()).isTrue();
            assertThat(tried.get("folders").toString()).contains("INBOX");
            Map<String, Object> wrong = new HashMap<>(good);
            wrong.put("password", "not this one");
            JsonNode failed = api.post(accounts + "/test", wrong).expect(200).body();
            assertThat(failed.get("ok").asBoolean()).isFalse();
            assertThat(failed.get("code").asText()).isEqualTo("authentication-failed");

            JsonNode added = api.post(accounts, good).expect(201).body();
            String one = accounts + "/" + added.get("id").asText();
            api.post(accounts, good).expect(409);
            api.post(one + "/authorize", Map.of()).expect(409);
            assertThat(api.put(one, Map.of("months", 12, "autoSync", false))
                            .expect(200)
                            .body()
                            .get("months")
                            .asInt())
                    .isEqualTo(12);
            api.put(one, Map.of("months", 500)).expect(400);
            assertThat(api.get(accounts).expect(200).body().toString()).doesNotContain(MailDouble.PASSWORD);
            api.get(accounts + "/00000000000000000000000000000000").expect(404);
            fresh(api, one);
            assertThat(api.get(one).expect(200).body().get("nextSyncAt").isNull())
                    .isTrue();
        }
    }
}
