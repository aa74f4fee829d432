package io.kvasir.jdbc;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.StreamConverters;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Files as rows: encrypted chunks under a generation, and one row that names the complete generation. Each chunk is its
 * own small transaction; the last one flips the row, so a file is whole or not there, and a kill leaves only chunks that
 * {@link #sweep} removes.
 */
public final class JdbcBlobStore implements BlobStore, AutoCloseable {
    private static final int CHUNK = 256 * 1024;
    /**
     * How long a write waits for the next bytes. A sender may pause; one who is gone is noticed by the idle time-out of
     * the connection, which is shorter and ends the stream. This is only for a source that never ends at all.
     */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Materializer materializer;
    private final Duration patience;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    public JdbcBlobStore(Transactor transactor, SubjectKeys keys, Materializer materializer) {
        this(transactor, keys, materializer, PATIENCE);
    }

    JdbcBlobStore(Transactor transactor, SubjectKeys keys, Materializer materializer, Duration patience) {
        this.transactor = transactor;
        this.keys = keys;
        this.materializer = materializer;
        this.patience = patience;
    }

    @Override
    public CompletionStage<Blob> write(
            Scope scope, BlobId id, String subject, Source<ByteString, ?> bytes, long limit) {
        InputStream in = bytes.runWith(StreamConverters.asInputStream(patience), materializer);
        return CompletableFuture.supplyAsync(
                () -> {
                    String generation = Ids.next();
                    try (in) {
                        return copy(scope, id, subject, generation, in, limit);
                    } catch (IOException | SQLException e) {
                        drop(generation, e);
                        throw new CompletionException(e);
                    } catch (RuntimeException e) {
                        drop(generation, e);
                        throw e;
                    }
                },
                threads);
    }

    private Blob copy(Scope scope, BlobId id, String subject, String generation, InputStream in, long limit)
            throws IOException, SQLException {
        SubjectKey key = transactor.now(c -> keys.obtain(c, subject));
        MessageDigest digest = sha256();
        byte[] buffer = new byte[CHUNK];
        long size = 0;
        for (int ordinal = 0; ; ordinal++) {
            int n = in.readNBytes(buffer, 0, CHUNK);
            if (n == 0) {
                break;
            }
            size += n;
            if (size > limit) {
                throw new TooLarge(limit);
            }
            digest.update(buffer, 0, n);
            byte[] sealed = key.encrypt(Arrays.copyOf(buffer, n), generation + "/" + ordinal);
            int at = ordinal;
            transactor.now(c -> {
                try (PreparedStatement insert =
                        c.prepareStatement("INSERT INTO blob_chunks (generation, ordinal, bytes) VALUES (?, ?, ?)")) {
                    insert.setString(1, generation);
                    insert.setInt(2, at);
                    insert.setBytes(3, sealed);
                    return insert.executeUpdate();
                }
            });
            if (n < CHUNK) {
                break;
            }
        }
        Blob blob = new Blob(id, size, HexFormat.of().formatHex(digest.digest()));
        transactor.now(c -> {
            remove(c, scope, id);
            try (PreparedStatement insert = c.prepareStatement(
                    "INSERT INTO blobs (scope, id, generation, subject, size, sha256) VALUES (?, ?, ?, ?, ?, ?)")) {
                insert.setString(1, scope.key());
                insert.setString(2, id.value());
                insert.setString(3, generation);
                insert.setString(4, subject);
                insert.setLong(5, blob.size());
                insert.setString(6, blob.sha256());
                return insert.executeUpdate();
            }
        });
        return blob;
    }

    @Override
    public Source<ByteString, NotUsed> read(Scope scope, BlobId id) {
        return StreamConverters.fromInputStream(() -> open(scope, id), CHUNK)
                .mapMaterializedValue(_ -> NotUsed.getInstance());
    }

    @Override
    public InputStream open(Scope scope, BlobId id) throws IOException {
        try {
            return new ChunkStream(transactor.now(c -> generation(c, scope, id)).orElseThrow(() -> new Missing(id)));
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    @Override
    public CompletionStage<Optional<Blob>> find(Scope scope, BlobId id) {
        return transactor.run(c -> {
            try (PreparedStatement select =
                    c.prepareStatement("SELECT size, sha256 FROM blobs WHERE scope = ? AND id = ?")) {
                select.setString(1, scope.key());
                select.setString(2, id.value());
                try (ResultSet rows = select.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Blob(id, rows.getLong(1), rows.getString(2)))
                            : Optional.empty();
                }
            }
        });
    }

    @Override
    public CompletionStage<Void> delete(Scope scope, BlobId id) {
        return transactor.change(c -> remove(c, scope, id));
    }

    @Override
    public CompletionStage<Void> deleteOf(Scope scope, String subject) {
        return transactor.change(c -> {
            Sql.update(
                    c,
                    "DELETE FROM blob_chunks WHERE generation IN (SELECT generation FROM blobs WHERE scope = ? AND subject = ?)",
                    scope.key(),
                    subject);
            Sql.update(c, "DELETE FROM blobs WHERE scope = ? AND subject = ?", scope.key(), subject);
        });
    }

    @Override
    public CompletionStage<Void> deleteAll(Scope scope) {
        return transactor.change(c -> {
            try (PreparedStatement chunks = c.prepareStatement(
                            "DELETE FROM blob_chunks WHERE generation IN (SELECT generation FROM blobs WHERE scope = ?)");
                    PreparedStatement files = c.prepareStatement("DELETE FROM blobs WHERE scope = ?")) {
                chunks.setString(1, scope.key());
                chunks.executeUpdate();
                files.setString(1, scope.key());
                files.executeUpdate();
            }
        });
    }

    /**
     * Removes chunks no file names: what a kill in the middle of a write left.
     *
     * @param before writes that began earlier than this are over: the present where nobody else writes, long ago where
     *     other servers may
     * @return chunks removed
     */
    public CompletionStage<Integer> sweep(Instant before) {
        String newest = Ids.at(before);
        return transactor.run(c -> {
            try (PreparedStatement delete = c.prepareStatement(
                    "DELETE FROM blob_chunks WHERE generation < ? AND NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.generation = blob_chunks.generation)")) {
                delete.setString(1, newest);
                return delete.executeUpdate();
            }
        });
    }

    @Override
    public void close() {
        threads.close();
    }

    private void drop(String generation, Exception cause) {
        try {
            transactor.now(c -> deleteChunks(c, generation));
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    private static void remove(Connection c, Scope scope, BlobId id) throws SQLException {
        Optional<Generation> old = generation(c, scope, id);
        if (old.isPresent()) {
            deleteChunks(c, old.get().name());
            try (PreparedStatement delete = c.prepareStatement("DELETE FROM blobs WHERE scope = ? AND id = ?")) {
                delete.setString(1, scope.key());
                delete.setString(2, id.value());
                delete.executeUpdate();
            }
        }
    }

    private static int deleteChunks(Connection c, String generation) throws SQLException {
        try (PreparedStatement delete = c.prepareStatement("DELETE FROM blob_chunks WHERE generation = ?")) {
            delete.setString(1, generation);
            return delete.executeUpdate();
        }
    }

    private static Optional<Generation> generation(Connection c, Scope scope, BlobId id) throws SQLException {
        try (PreparedStatement select =
                c.prepareStatement("SELECT generation, subject, size FROM blobs WHERE scope = ? AND id = ?")) {
            select.setString(1, scope.key());
            select.setString(2, id.value());
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Generation(rows.getString(1), rows.getString(2), rows.getLong(3)))
                        : Optional.empty();
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private record Generation(String name, String subject, long size) {}

    /** Reads chunk after chunk, one in memory. */
    private final class ChunkStream extends InputStream {
        private final Generation generation;
        private @Nullable SubjectKey key;
        private byte[] chunk = new byte[0];
        private int at;
        private int next;
        private long delivered;

        ChunkStream(Generation generation) {
            this.generation = generation;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (at == chunk.length) {
                if (delivered == generation.size()) {
                    return -1;
                }
                load();
            }
            int n = Math.min(length, chunk.length - at);
            System.arraycopy(chunk, at, target, offset, n);
            at += n;
            delivered += n;
            return n;
        }

        private void load() throws IOException {
            try {
                chunk = transactor.now(c -> {
                    SubjectKey opened = key;
                    if (opened == null) {
                        opened = keys.find(c, generation.subject())
                                .orElseThrow(() -> new SQLException("the key of this file was destroyed"));
                        key = opened;
                    }
                    try (PreparedStatement select =
                            c.prepareStatement("SELECT bytes FROM blob_chunks WHERE generation = ? AND ordinal = ?")) {
                        select.setString(1, generation.name());
                        select.setInt(2, next);
                        try (ResultSet rows = select.executeQuery()) {
                            if (!rows.next()) {
                                throw new SQLException("the file was replaced or deleted while it was read");
                            }
                            return opened.decrypt(rows.getBytes(1), generation.name() + "/" + next);
                        }
                    }
                });
                at = 0;
                next++;
            } catch (SQLException e) {
                throw new IOException(e);
            }
        }
    }
}
