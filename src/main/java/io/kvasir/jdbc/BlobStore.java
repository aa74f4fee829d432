package io.kvasir.jdbc;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Keeps files whole and encrypted under the key of their subject. A file is there once its last byte is durable, or not
 * at all; never is a whole file in memory.
 */
public interface BlobStore {
    /**
     * Writes a file, replacing one of the same id once it is complete.
     *
     * @param subject whose key encrypts it (see {@link SubjectKeys}); the key is made where there is none
     * @param limit most bytes; one more fails the stage with {@link TooLarge}
     */
    CompletionStage<Blob> write(Scope scope, BlobId id, String subject, Source<ByteString, ?> bytes, long limit);

    /** The bytes in order; fails with {@link Missing} where there is no such file in this scope. */
    Source<ByteString, NotUsed> read(Scope scope, BlobId id);

    /** The same for blocking readers, which belong on virtual threads. @throws Missing where there is no such file */
    InputStream open(Scope scope, BlobId id) throws IOException;

    CompletionStage<Optional<Blob>> find(Scope scope, BlobId id);

    /** Nothing happens where there is no such file. */
    CompletionStage<Void> delete(Scope scope, BlobId id);

    /** Every file under one subject's key. */
    CompletionStage<Void> deleteOf(Scope scope, String subject);

    CompletionStage<Void> deleteAll(Scope scope);

    /** @param size bytes as given; @param sha256 of the bytes as given, lower-case hexadecimal */
    record Blob(BlobId id, long size, String sha256) {}

    /** No such file in this scope. */
    final class Missing extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public Missing(BlobId id) {
            super("no stored file " + id.value(), null, false, false);
        }
    }

    /** More bytes than the caller allowed. */
    final class TooLarge extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public TooLarge(long limit) {
            super("larger than " + limit + " bytes", null, false, false);
        }
    }
}
