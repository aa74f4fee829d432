package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.kvasir.jdbc.Transactor;
import io.kvasir.system.Api;
import io.kvasir.system.ServerProcess;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.h2.jdbcx.JdbcConnectionPool;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
    @TempDir
    Path folder;

    private Settings settings(String data, Path backups) {
        return Settings.of(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        folder.resolve(data).toString(),
                        "kvasir.backup-folder",
                        backups.toString(),
                        "kvasir.http.port",
                        0,
                        "kvasir.owner.email",
                        ServerProcess.EMAIL,
                        "kvasir.owner.password",
                        ServerProcess.PASSWORD,
                        "kvasir.demo",
                        false))
                .withFallback(ConfigFactory.load())
                .resolve());
    }

    private static Api client(Server server) throws IOException, InterruptedException {
        Api api = new Api(path -> URI.create("http://127.0.0.1:" + server.port() + path));
        api.login();
        return api;
    }

    private static String text(JsonNode found) {
        return found.get("results").findValuesAsText("text").toString();
    }

    private static JsonNode search(Api api, String kb) throws Exception {
        return api.post(
                        "/api/v1/knowledge-bases/" + kb + "/knowledge/search",
                        Map.of("query", "When are refunds paid?"))
                .expect(200)
                .body();
    }

    @Test
    void whatWasBackedUpWhileTheServerWorkedIsThereAgainElsewhere() throws Exception {
        Path backups = folder.resolve("elsewhere");
        String kb;
        Path archive;
        try (Server server = Server.start(settings("data", backups));
                Api api = client(server)) {
            kb = api.post("/api/v1/knowledge-bases", Map.of("name", "Shop"))
                    .expect(201)
                    .body()
                    .get("id")
                    .asText();
            JsonNode job = api.upload(
                            "POST",
                            "/api/v1/knowledge-bases/" + kb + "/documents",
                            "refunds.md",
                            "# Refunds\n\nRefunds are paid within fourteen days.".getBytes(StandardCharsets.UTF_8))
                    .expect(202)
                    .body()
                    .get("jobs")
                    .get(0);
            await().atMost(Duration.ofSeconds(120))
                    .until(() -> api.get("/api/v1/knowledge-bases/" + kb + "/jobs/"
                                    + job.get("id").asText())
                            .body()
                            .get("status")
                            .asText()
                            .equals("completed"));

            JsonNode made =
                    api.post("/api/v1/operations/backups", Map.of()).expect(201).body();
            archive = backups.resolve(made.get("name").asText());
            assertThat(Files.size(archive)).isEqualTo(made.get("bytes").asLong());
            assertThat(Files.readString(Path.of(archive + ".sha256")))
                    .isEqualTo(made.get("sha256").asText() + "  " + archive.getFileName() + "\n");
            try (var left = Files.list(backups)) {
                assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.contains("partial"));
            }
            api.delete("/api/v1/knowledge-bases/" + kb);
        }

        Settings restored = settings("restored", backups);
        Files.createDirectories(restored.dataDir());
        Files.copy(folder.resolve("data/master.key"), restored.dataDir().resolve("master.key"));
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        assertThat(Commands.run(new String[] {"restore", archive.toString()}, restored, new PrintStream(said)))
                .as(said.toString())
                .isZero();
        try (Server server = Server.start(restored);
                Api api = client(server)) {
            assertThat(text(search(api, kb))).contains("within fourteen days");
        }
        assertThat(Commands.run(new String[] {"restore", archive.toString()}, restored, new PrintStream(said)))
                .isEqualTo(1);
        assertThat(said.toString()).contains("move it away first");
    }

    @Test
    void aDamagedArchiveIsRefusedAndTouchesNothing() throws Exception {
        Path archive = folder.resolve("backups")
                .resolve(backup(Files::newOutputStream).make().name());
        assertThat(Backup.verify(archive)).isEqualTo(2);
        byte[] bytes = Files.readAllBytes(archive);
        for (int at : new int[] {100, bytes.length / 2, bytes.length - 30}) {
            byte[] bad = bytes.clone();
            bad[at] ^= 0x55;
            Files.write(archive, bad);
            Path data = folder.resolve("data" + at);

            assertThatThrownBy(() -> Backup.restore(archive, data)).isInstanceOf(IOException.class);
            assertThat(data).doesNotExist();
        }
        Files.write(archive, java.util.Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> Backup.verify(archive))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void aPartThatLeadsOutOfTheDataDirectoryIsRefused() throws Exception {
        Path archive = folder.resolve("evil.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            zip.putNextEntry(new ZipEntry("index/../../evil"));
            zip.closeEntry();
            zip.putNextEntry(new ZipEntry("manifest.json"));
            zip.write(
                    "{\"version\":1,\"madeAt\":\"2026-01-01T00:00:00Z\",\"parts\":[{\"name\":\"index/../../evil\",\"bytes\":0,\"sha256\":\"\"}]}"
                            .getBytes(StandardCharsets.UTF_8));
            zip.closeEntry();
        }

        assertThatThrownBy(() -> Backup.restore(archive, folder.resolve("data")))
                .hasMessageContaining("it has a part index/../../evil");
    }

    @Test
    void aFullDiskLeavesNothingBehind() throws Exception {
        Backup full = backup(_ -> Files.newOutputStream(Path.of("/dev/full")));

        assertThatThrownBy(full::make).isInstanceOf(IOException.class).hasMessageContaining("No space left");
        try (var left = Files.list(folder.resolve("backups"))) {
            assertThat(left).isEmpty();
        }
        // And the next one is not kept from beginning.
        assertThatThrownBy(full::make).hasMessageContaining("No space left");
    }

    @Test
    void aFolderThatIsNoneIsSaid() throws Exception {
        Files.createFile(folder.resolve("backups"));

        assertThatThrownBy(() -> backup(Files::newOutputStream).make()).isInstanceOf(IOException.class);
    }

    @FunctionalInterface
    private interface Opening {
        OutputStream open(Path file) throws IOException;
    }

    /** Of a small database and an index of one file. */
    private Backup backup(Opening opening) throws Exception {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL("jdbc:h2:file:" + folder.resolve("kvasir") + ";DB_CLOSE_DELAY=0");
        source.setUser("sa");
        JdbcConnectionPool pool = JdbcConnectionPool.create(source);
        Transactor transactor = new Transactor(pool, 2);
        transactor.now(c -> c.createStatement().execute("CREATE TABLE IF NOT EXISTS t (x VARCHAR(100000))"));
        return new Backup(
                transactor,
                copy -> copy.file(
                        "index/segments_1", new ByteArrayInputStream("an index".getBytes(StandardCharsets.UTF_8))),
                folder.resolve("backups"),
                Clock.systemUTC(),
                opening::open);
    }
}
