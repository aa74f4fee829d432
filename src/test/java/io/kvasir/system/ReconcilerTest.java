package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.system.Town.Caller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nobody owns any more is found in the index and among the files, and removed without being asked for. */
class ReconcilerTest {
    private static final String PLANTED = "Archaeopteryx";

    @TempDir
    static Path folder;

    private static Town town;

    @BeforeAll
    static void start() throws Exception {
        town = new Town(folder, ConfigFactory.parseString("kvasir.privacy { sweep-after = 2s, sweep-every = 1s }"));
    }

    @AfterAll
    static void stop() {
        town.close();
    }

    private static boolean indexed() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("data/index"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String bytes;
                try {
                    bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
                } catch (IOException mergedAway) {
                    continue;
                }
                if (bytes.contains(PLANTED)) {
                    return true;
                }
            }
            return false;
        } catch (java.io.UncheckedIOException mergedAway) {
            return true;
        }
    }

    private static int files(String scope) {
        return town.census().sql(c -> {
            try (var select = c.prepareStatement("SELECT COUNT(*) FROM blobs WHERE scope = ?")) {
                select.setString(1, scope);
                try (var rows = select.executeQuery()) {
                    rows.next();
                    return rows.getInt(1);
                }
            }
        });
    }

    private static int lose(String kb) {
        return town.census().sql(c -> {
            try (var delete = c.prepareStatement("DELETE FROM knowledge_bases WHERE id = ?")) {
                delete.setString(1, kb);
                return delete.executeUpdate();
            }
        });
    }

    @Test
    void conversationsATenantWantsKeptNoLongerAreGoneAndOthersStay() throws Exception {
        Caller owner = town.caller("super_admin");
        String old = conversation(owner);
        String recent = conversation(owner);
        String kept = town.stranger().things().get("conversationId");
        assertThat(town.send("GET", "/api/v1/chat/conversations/" + old, owner.token(), "")
                        .text())
                .contains(PLANTED);
        town.send("PUT", "/api/v1/tenant/settings", owner.token(), "{\"conversationDays\":30}")
                .expect(200);

        String list = "/api/v1/chat/conversations?limit=200";
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            // Again, should an event that was on its way have told of it since.
            silent(old);
            // Of a tenant that keeps them.
            silent(kept);
            return !town.send("GET", list, owner.token(), "").text().contains(old);
        });
        String path = "/api/v1/chat/conversations/";
        assertThat(town.send("GET", path + old, owner.token(), "").text()).doesNotContain(PLANTED);
        assertThat(town.send("GET", path + recent, owner.token(), "").text()).contains(PLANTED);
        assertThat(town.send("GET", list, owner.token(), "").text()).contains(recent);
        assertThat(town.send("GET", list, town.stranger().token(), "").text()).contains(kept);
        town.send("PUT", "/api/v1/tenant/settings", owner.token(), "{}").expect(200);
    }

    /** As if nothing had been heard of a conversation for a month. */
    private static int silent(String conversation) {
        return town.census().sql(c -> {
            try (var update = c.prepareStatement("UPDATE conversations SET updated_at = ? WHERE id = ?")) {
                update.setTimestamp(1, Timestamp.from(Instant.now().minus(Duration.ofDays(31))));
                update.setString(2, conversation);
                return update.executeUpdate();
            }
        });
    }

    private static String conversation(Caller owner) throws Exception {
        return town.send(
                        "POST",
                        "/api/v1/chat/conversations",
                        owner.token(),
                        "{\"kbId\":\"" + owner.things().get("kbId") + "\",\"endUser\":{\"name\":\"" + PLANTED + "\"}}")
                .expect(201)
                .json()
                .get("id")
                .asText();
    }

    @Test
    void whatALostKnowledgeBaseLeftIsFoundAndRemoved() throws Exception {
        Caller owner = town.caller("super_admin");
        String kb = town.send("POST", "/api/v1/knowledge-bases", owner.token(), "{\"name\":\"Lost\"}")
                .expect(201)
                .json()
                .get("id")
                .asText();
        String path = "/api/v1/knowledge-bases/" + kb;
        town.upload(owner, kb, PLANTED + ".md", "The " + PLANTED + " was found in Solnhofen.");
        await().atMost(Duration.ofSeconds(60))
                .until(() -> town.send("GET", path, owner.token(), "")
                                .json()
                                .get("passages")
                                .asInt()
                        > 0);
        String scope = owner.things().get("tenantId") + "/" + kb;
        String kept = owner.things().get("tenantId") + "/" + owner.things().get("kbId");
        assertThat(files(scope)).isPositive();
        assertThat(indexed()).isTrue();
        int others = files(kept);

        // As a crash in the middle of a deletion, or a table put back from a backup, would leave it.
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            // Again, should an event that was on its way have put the row back.
            lose(kb);
            return files(scope) == 0 && !indexed();
        });
        assertThat(files(kept)).isEqualTo(others);
        assertThat(town.send(
                                "POST",
                                "/api/v1/knowledge-bases/" + owner.things().get("kbId") + "/knowledge/search",
                                owner.token(),
                                "{\"query\":\"When are refunds paid?\"}")
                        .expect(200)
                        .json()
                        .get("results"))
                .isNotEmpty();
    }
}
