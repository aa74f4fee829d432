package io.kvasir.retrieval.qdrant;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.kvasir.http.Problems;
import io.qdrant.client.QdrantGrpcClient;
import io.qdrant.client.grpc.CollectionsGrpc.CollectionsFutureStub;
import io.qdrant.client.grpc.PointsGrpc.PointsFutureStub;
import io.qdrant.client.grpc.QdrantGrpc.QdrantFutureStub;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls to a Qdrant server: each under a deadline, and repeated with growing pauses while the server is away. All calls are
 * idempotent, so repeating one whose answer was lost does no harm. What is still away at the deadline fails as
 * {@link Problems.Unavailable}.
 */
final class QdrantCalls implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.retrieval");

    /** A thousand candidates with vectors and texts are some ten megabytes. */
    private static final int LARGEST_ANSWER = 256 << 20;

    private static final Duration COME_BACK_AFTER = Duration.ofSeconds(5);
    private static final Duration LEAVE = Duration.ofSeconds(5);

    private static final Set<Status.Code> AWAY = Set.of(
            Status.Code.UNAVAILABLE,
            Status.Code.DEADLINE_EXCEEDED,
            Status.Code.RESOURCE_EXHAUSTED,
            Status.Code.ABORTED,
            Status.Code.CANCELLED);

    private final QdrantSettings.Timeouts timeouts;
    private final ManagedChannel channel;
    private final QdrantGrpcClient client;
    private volatile boolean closed;

    QdrantCalls(QdrantSettings settings) {
        this.timeouts = settings.timeouts();
        ManagedChannelBuilder<?> to = ManagedChannelBuilder.forAddress(settings.host(), settings.port())
                .maxInboundMessageSize(LARGEST_ANSWER)
                // A peer that vanished without a word is noticed while it is waited for.
                .keepAliveTime(30, TimeUnit.SECONDS)
                .keepAliveTimeout(5, TimeUnit.SECONDS);
        this.channel = settings.tls()
                ? to.useTransportSecurity().build()
                : to.usePlaintext().build();
        QdrantGrpcClient.Builder builder = QdrantGrpcClient.newBuilder(channel, false, false);
        settings.apiKey().ifPresent(builder::withApiKey);
        this.client = builder.build();
    }

    /** How patient a call is. */
    enum Patience {
        SEARCH,
        WRITE
    }

    <T> CompletableFuture<T> points(Patience patience, Function<PointsFutureStub, ListenableFuture<T>> call) {
        return repeated(patience, left -> call.apply(client.points().withDeadlineAfter(left, TimeUnit.NANOSECONDS)));
    }

    <T> CompletableFuture<T> collections(Patience patience, Function<CollectionsFutureStub, ListenableFuture<T>> call) {
        return repeated(
                patience, left -> call.apply(client.collections().withDeadlineAfter(left, TimeUnit.NANOSECONDS)));
    }

    <T> CompletableFuture<T> server(Patience patience, Function<QdrantFutureStub, ListenableFuture<T>> call) {
        return repeated(patience, left -> call.apply(client.qdrant().withDeadlineAfter(left, TimeUnit.NANOSECONDS)));
    }

    /** Asked once, soon: for health. */
    <T> CompletableFuture<T> once(Duration within, Function<QdrantFutureStub, ListenableFuture<T>> call) {
        long end = System.nanoTime() + within.toNanos();
        CompletableFuture<T> result = new CompletableFuture<>();
        attempt(left -> call.apply(client.qdrant().withDeadlineAfter(left, TimeUnit.NANOSECONDS)), end, end, result);
        return result;
    }

    Duration limit(Patience patience) {
        return switch (patience) {
            case SEARCH -> timeouts.search();
            case WRITE -> timeouts.write();
        };
    }

    static Problems.Unavailable away() {
        return new Problems.Unavailable("The search index is away at the moment", COME_BACK_AFTER);
    }

    /** @param nanosLeft for this attempt */
    @FunctionalInterface
    private interface Attempt<T> {
        ListenableFuture<T> start(long nanosLeft);
    }

    private <T> CompletableFuture<T> repeated(Patience patience, Attempt<T> call) {
        CompletableFuture<T> result = new CompletableFuture<>();
        long end = System.nanoTime() + limit(patience).toNanos();
        attempt(call, end, timeouts.firstPause().toNanos(), result);
        return result;
    }

    private <T> void attempt(Attempt<T> call, long end, long pause, CompletableFuture<T> result) {
        long left = end - System.nanoTime();
        if (closed || left <= 0) {
            result.completeExceptionally(closed ? new IllegalStateException("the index is closed") : away());
            return;
        }
        Futures.addCallback(
                call.start(left),
                new FutureCallback<>() {
                    @Override
                    public void onSuccess(@Nullable T value) {
                        result.complete(value);
                    }

                    @Override
                    public void onFailure(Throwable fault) {
                        again(call, end, pause, result, fault);
                    }
                },
                MoreExecutors.directExecutor());
    }

    private <T> void again(Attempt<T> call, long end, long pause, CompletableFuture<T> result, Throwable fault) {
        if (closed) {
            result.completeExceptionally(new IllegalStateException("the index is closed"));
            return;
        }
        if (!(fault instanceof StatusRuntimeException refused)
                || !AWAY.contains(refused.getStatus().getCode())) {
            result.completeExceptionally(fault);
            return;
        }
        long wait = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
        if (System.nanoTime() + wait >= end) {
            LOG.warn("Qdrant is away: {}", refused.getStatus());
            result.completeExceptionally(away());
            return;
        }
        // Its own back-off would go on waiting for minutes after the server is there again.
        channel.resetConnectBackoff();
        CompletableFuture.delayedExecutor(wait, TimeUnit.NANOSECONDS)
                .execute(() -> attempt(
                        call, end, Math.min(2 * pause, timeouts.longestPause().toNanos()), result));
    }

    /** Gives running calls a moment; what comes later fails. */
    @Override
    public void close() {
        closed = true;
        channel.shutdown();
        try {
            if (!channel.awaitTermination(LEAVE.toSeconds(), TimeUnit.SECONDS)) {
                channel.shutdownNow();
            }
        } catch (InterruptedException e) {
            channel.shutdownNow();
            Thread.currentThread().interrupt();
        }
        client.close();
    }
}
