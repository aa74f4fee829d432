package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.load.FakeReply;
import io.kvasir.system.ClusterProcesses.Member;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several real servers: what {@code ./dev bench cluster} measures in full, held to its promises here, though not to its
 * times; and what passes between them.
 */
class ClusterTest {
    @TempDir
    Path folder;

    @Test
    void aKillAFreezeAPartedNetworkAndARestartOfAllTakeNothingFromAnybody() throws Exception {
        try (ClusterStorm storm =
                new ClusterStorm(folder, 30, FakeReply.DEFAULT.with("first=100,rate=15,tokens=150"), true, true)) {
            ClusterStorm.Kill kill = storm.kill(true, 10);

            tookNothing(kill);
            // Far more than it takes on a machine that has time for it.
            assertThat(kill.answeredMs()).isLessThan(60_000);

            tookNothing(storm.freeze(true, 10));
            tookNothing(storm.part(true, 10));
            tookNothing(storm.cut(10));

            ClusterStorm.Roll roll = storm.roll(2);

            assertThat(roll.requests()).isGreaterThan(20);
            assertThat(roll.failed()).as("requests that failed for good").isEmpty();
        }
    }

    private static void tookNothing(ClusterStorm.Kill kill) {
        assertThat(kill.lost()).as("characters lost").isZero();
        assertThat(kill.repeated()).as("characters repeated").isZero();
        assertThat(kill.ended() + kill.cut())
                .as("replies that came to an end or are marked")
                .isEqualTo(10);
        assertThat(kill.resumed()).as("readers that went on elsewhere").isPositive();
        assertThat(kill.acknowledged()).isPositive();
        assertThat(kill.acknowledgedLost()).isZero();
    }

    /**
     * A conversation lives on one of two servers, so that it is read from afar by the other, whichever that is. What is
     * larger than a frame is lost between them: a list would be refused, and an event stream silent for ever.
     */
    @Test
    @Timeout(240)
    void aLongConversationIsReadByAServerThatDoesNotHoldIt() throws Exception {
        try (ClusterProcesses cluster = new ClusterProcesses(
                        folder,
                        2,
                        FakeReply.DEFAULT.with("first=0,rate=0,tokens=60000"),
                        Map.of("KVASIR_LOG_FORMAT", "text"),
                        List.of("-Xmx600m", "-Dpekko.cluster.failure-detector.acceptable-heartbeat-pause=8s"),
                        false);
                Api api = Api.owner(cluster.oldest().server())) {
            String kb = api.made(
                    "/api/v1/knowledge-bases", Map.of("name", "Long", "provider", "openai", "model", "gpt-4o-mini"));
            api.taught("/api/v1/knowledge-bases/" + kb, "refunds.md", "Refunds are paid within fourteen days.");
            String conversation =
                    "/api/v1/chat/conversations/" + api.made("/api/v1/chat/conversations", Map.of("kbId", kb));
            List<String> said = new ArrayList<>();
            for (int turn = 1; turn <= 7; turn++) {
                said.add(told(
                        api,
                        api.request(conversation + "/messages")
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(
                                        "{\"content\":\"When are refunds paid?\"}"))));
            }
            assertThat(said).allSatisfy(reply -> assertThat(bytes(reply)).isGreaterThan(300 * 1024));
            assertThat(bytes(String.join("", said))).as("more than a frame").isGreaterThan(2 * 1024 * 1024);

            for (Member member : cluster.members()) {
                try (Api there = new Api(member::uri)) {
                    there.token(api.token());
                    assertThat(replies(there, conversation)).isEqualTo(said);
                    // Of the first: the last is still in its server's memory, and told in pieces.
                    assertThat(told(there, there.request(conversation + "/events?after=0:end")))
                            .isEqualTo(said.getFirst());
                }
            }
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** The first reply of a stream of events, to its end. */
    private static String told(Api api, HttpRequest.Builder request) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        try (SseReader events = SseReader.open(api, request.header("Accept", "text/event-stream"))) {
            assertThat(events.status()).isEqualTo(200);
            Optional<SseReader.Event> event = events.next();
            while (!event.orElseThrow().name().equals("turn.completed")) {
                if (event.get().name().equals("delta")) {
                    text.append(event.get().data().get("text").asText());
                }
                event = events.next();
            }
        }
        return text.toString();
    }

    /** All of a conversation, page by page. */
    private static List<String> replies(Api api, String conversation) throws IOException, InterruptedException {
        List<String> replies = new ArrayList<>();
        for (String rest = ""; ; ) {
            JsonNode page = api.get(conversation + "/messages?limit=200" + rest)
                    .expect(200)
                    .body();
            for (JsonNode message : page.get("items")) {
                if (message.get("role").asText().equals("assistant")) {
                    replies.add(message.get("content").asText());
                }
            }
            String cursor = page.path("nextCursor").asText("");
            if (cursor.isEmpty()) {
                return replies;
            }
            rest = "&cursor=" + cursor;
        }
    }
}
