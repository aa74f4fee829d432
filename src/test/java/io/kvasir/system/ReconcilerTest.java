package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.system.Town.Caller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
