package io.kvasir.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import java.io.IOException;
import java.io.InputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class JdbcBlobStoreTest {
    private static ActorSystem system;

    private final Database database;
    private final Transactor transactor;
    private final SubjectKeys keys;
    private final JdbcBlobStore blobs;
    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final BlobId id = BlobId.next();

    JdbcBlobStoreTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
        keys = new SubjectKeys(transactor, TestDatabase.masterKey());
        blobs = new JdbcBlobStore(transactor, keys, Materializer.matFromSystem(system));
    }

    @BeforeAll
    static void start() {
        system = ActorSystem.create("blobs", com.typesafe.config.ConfigFactory.load("reference"));
    }

    @AfterAll
    static void stop() {
        TestKit.shutdownActorSystem(system);
    }

    @AfterEach
    void close() {
        blobs.close();
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static Source<ByteString, ?> inPieces(byte[] bytes, int piece) {
        return Source.range(0, (bytes.length - 1) / piece)
                .map(i -> ByteString.fromArray(bytes, i * piece, Math.min(piece, bytes.length - i * piece)));
    }

    private static byte[] noise(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private int chunks() {
        try {
            return transactor.now(c -> {
                try (Statement s = c.createStatement();
                        ResultSet rows = s.executeQuery("SELECT COUNT(*) FROM blob_chunks")) {
                    rows.next();
                    return rows.getInt(1);
                }
            });
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void givesBackWhatItGot() throws IOException {
        byte[] bytes = noise(700_001);
        BlobStore.Blob blob = join(blobs.write(scope, id, "t/source/1", inPieces(bytes, 8_191), 1_000_000));

        assertThat(blob.size()).isEqualTo(bytes.length);
        try (InputStream in = blobs.open(scope, id)) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        ByteString streamed = join(
                blobs.read(scope, id).runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system));
        assertThat(streamed.toArray()).isEqualTo(bytes);
        assertThat(join(blobs.find(scope, id))).contains(blob);
    }

    @Test
    void keepsAnEmptyFile() throws IOException {
        BlobStore.Blob blob = join(blobs.write(scope, id, "t/source/1", Source.empty(), 10));

        assertThat(blob.size()).isZero();
        try (InputStream in = blobs.open(scope, id)) {
            assertThat(in.readAllBytes()).isEmpty();
        }
    }

    @Test
    void refusesOneByteMoreThanTheLimitAndLeavesNothing() {
        assertThatThrownBy(() -> join(blobs.write(scope, id, "t/source/1", inPieces(noise(300_001), 1_000), 300_000)))
                .hasCauseInstanceOf(BlobStore.TooLarge.class);

        assertThat(join(blobs.find(scope, id))).isEmpty();
        assertThat(chunks()).isZero();
    }

    @Test
    void aSenderThatBreaksOffLeavesTheOldFileAndNothingElse() throws IOException {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("old")), 10));
        Source<ByteString, ?> cut =
                inPieces(noise(600_000), 1_000).concat(Source.failed(new IllegalStateException("connection reset")));

        assertThatThrownBy(() -> join(blobs.write(scope, id, "t/source/1", cut, 1_000_000)));

        try (InputStream in = blobs.open(scope, id)) {
            assertThat(in.readAllBytes()).asString().isEqualTo("old");
        }
        assertThat(chunks()).isEqualTo(1);
    }

    @Test
    void replacesAFileOnceTheNewOneIsComplete() throws IOException {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("old")), 10));
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("new")), 10));

        try (InputStream in = blobs.open(scope, id)) {
            assertThat(in.readAllBytes()).asString().isEqualTo("new");
        }
        assertThat(chunks()).isEqualTo(1);
    }

    @Test
    void doesNotFindAFileOfAnotherScope() {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("x")), 10));
        Scope other = new Scope(TenantId.next(), scope.knowledgeBase());

        assertThat(join(blobs.find(other, id))).isEmpty();
        assertThatThrownBy(() -> blobs.open(other, id)).isInstanceOf(BlobStore.Missing.class);
    }

    @Test
    void aDestroyedKeyMakesTheFileUnreadable() {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("x")), 10));
        join(keys.destroy("t/source/1"));

        assertThatThrownBy(() -> blobs.open(scope, id).readAllBytes()).isInstanceOf(IOException.class);
    }

    @Test
    void keepsNoPlainTextInTheDatabase() throws SQLException {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("MARKER-OF-THE-TEST")), 100));

        byte[] stored = transactor.now(c -> {
            try (Statement s = c.createStatement();
                    ResultSet rows = s.executeQuery("SELECT bytes FROM blob_chunks")) {
                rows.next();
                return rows.getBytes(1);
            }
        });
        assertThat(new String(stored, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContain("MARKER");
    }

    @Test
    void forgetsAllFilesOfASubjectAndNoOther() {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("x")), 10));
        join(blobs.write(scope, new BlobId("1-more"), "t/source/1", Source.single(ByteString.fromString("y")), 10));
        BlobId other = new BlobId("2");
        join(blobs.write(scope, other, "t/source/2", Source.single(ByteString.fromString("z")), 10));

        join(blobs.deleteOf(scope, "t/source/1"));

        assertThat(join(blobs.find(scope, id))).isEmpty();
        assertThat(join(blobs.find(scope, other))).isPresent();
        assertThat(chunks()).isEqualTo(1);
    }

    @Test
    void sweepsWhatAKillLeft() throws SQLException {
        join(blobs.write(scope, id, "t/source/1", Source.single(ByteString.fromString("x")), 10));
        transactor.now(c -> {
            try (PreparedStatement s =
                    c.prepareStatement("INSERT INTO blob_chunks (generation, ordinal, bytes) VALUES ('"
                            + io.kvasir.kernel.Ids.next() + "', 0, ?)")) {
                s.setBytes(1, new byte[1]);
                return s.executeUpdate();
            }
        });

        assertThat(join(blobs.sweep(Instant.now().minus(Duration.ofDays(1))))).isZero();
        assertThat(join(blobs.sweep(Instant.now().plusSeconds(1)))).isEqualTo(1);
        assertThat(chunks()).isEqualTo(1);
    }

    private static Source<ByteString, ?> pausing(Duration pause) {
        return Source.single(ByteString.fromString("before "))
                .concat(Source.single(ByteString.fromString("after")).initialDelay(pause));
    }

    /** Five seconds are the stream's own idea of patience. */
    @Test
    void waitsForASenderThatPauses() throws IOException {
        join(blobs.write(scope, id, "t/source/1", pausing(Duration.ofSeconds(6)), 100));

        try (InputStream in = blobs.open(scope, id)) {
            assertThat(in.readAllBytes()).asString().isEqualTo("before after");
        }
    }

    @Test
    void doesNotWaitForEver() {
        try (JdbcBlobStore hasty =
                new JdbcBlobStore(transactor, keys, Materializer.matFromSystem(system), Duration.ofMillis(300))) {
            assertThatThrownBy(() -> join(hasty.write(scope, id, "t/source/1", pausing(Duration.ofSeconds(1)), 100)))
                    .hasCauseInstanceOf(IOException.class);
        }
        assertThat(join(blobs.find(scope, id))).isEmpty();
        assertThat(chunks()).isZero();
    }
}
