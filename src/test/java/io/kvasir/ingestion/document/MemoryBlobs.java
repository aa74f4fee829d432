package io.kvasir.ingestion.document;

import io.kvasir.jdbc.BlobStore;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Scope;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Files in memory. */
final class MemoryBlobs implements BlobStore {
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Materializer materializer;
    /** Large files that are made as they are read. */
    private final Map<String, java.util.function.Supplier<InputStream>> made = new ConcurrentHashMap<>();

    MemoryBlobs(Materializer materializer) {
        this.materializer = materializer;
    }

    void put(Scope scope, BlobId id, byte[] bytes) {
        files.put(key(scope, id), bytes);
    }

    void put(Scope scope, BlobId id, java.util.function.Supplier<InputStream> maker) {
        made.put(key(scope, id), maker);
    }

    Optional<byte[]> get(Scope scope, BlobId id) {
        return Optional.ofNullable(files.get(key(scope, id)));
    }

    private static String key(Scope scope, BlobId id) {
        return scope.key() + "/" + id;
    }

    @Override
    public CompletionStage<Blob> write(
            Scope scope, BlobId id, String subject, Source<ByteString, ?> bytes, long limit) {
        if (made.isEmpty()) {
            return bytes.runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), materializer)
                    .thenApply(all -> {
                        files.put(key(scope, id), all.toArray());
                        return new Blob(id, all.size(), "");
                    });
        }
        return bytes.runWith(Sink.fold(0L, (n, b) -> n + b.size()), materializer)
                .thenApply(n -> new Blob(id, n, ""));
    }

    @Override
    public Source<ByteString, NotUsed> read(Scope scope, BlobId id) {
        return Source.single(ByteString.fromArray(files.get(key(scope, id))));
    }

    @Override
    public InputStream open(Scope scope, BlobId id) {
        var maker = made.get(key(scope, id));
        if (maker != null) {
            return maker.get();
        }
        byte[] bytes = files.get(key(scope, id));
        if (bytes == null) {
            throw new Missing(id);
        }
        return new ByteArrayInputStream(bytes);
    }

    @Override
    public CompletionStage<Optional<Blob>> find(Scope scope, BlobId id) {
        return CompletableFuture.completedFuture(
                Optional.ofNullable(files.get(key(scope, id))).map(b -> new Blob(id, b.length, "")));
    }

    @Override
    public CompletionStage<Void> deleteOf(Scope scope, String subject) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> delete(Scope scope, BlobId id) {
        files.remove(key(scope, id));
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> deleteAll(Scope scope) {
        files.keySet().removeIf(k -> k.startsWith(scope.key() + "/"));
        return CompletableFuture.completedFuture(null);
    }
}
