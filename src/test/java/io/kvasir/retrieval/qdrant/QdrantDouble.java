package io.kvasir.retrieval.qdrant;

import com.google.protobuf.Message;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.qdrant.client.grpc.Collections.CollectionDescription;
import io.qdrant.client.grpc.Collections.CollectionOperationResponse;
import io.qdrant.client.grpc.Collections.CreateCollection;
import io.qdrant.client.grpc.Collections.GetCollectionInfoRequest;
import io.qdrant.client.grpc.Collections.GetCollectionInfoResponse;
import io.qdrant.client.grpc.Collections.ListCollectionsRequest;
import io.qdrant.client.grpc.Collections.ListCollectionsResponse;
import io.qdrant.client.grpc.Collections.UpdateCollection;
import io.qdrant.client.grpc.CollectionsGrpc;
import io.qdrant.client.grpc.JsonWithInt.Value;
import io.qdrant.client.grpc.Points.CountPoints;
import io.qdrant.client.grpc.Points.CountResponse;
import io.qdrant.client.grpc.Points.CountResult;
import io.qdrant.client.grpc.Points.CreateFieldIndexCollection;
import io.qdrant.client.grpc.Points.DeletePoints;
import io.qdrant.client.grpc.Points.FacetCounts;
import io.qdrant.client.grpc.Points.FacetResponse;
import io.qdrant.client.grpc.Points.NamedVectorsOutput;
import io.qdrant.client.grpc.Points.PointStruct;
import io.qdrant.client.grpc.Points.PointsOperationResponse;
import io.qdrant.client.grpc.Points.PointsUpdateOperation;
import io.qdrant.client.grpc.Points.QueryPoints;
import io.qdrant.client.grpc.Points.QueryResponse;
import io.qdrant.client.grpc.Points.RetrievedPoint;
import io.qdrant.client.grpc.Points.ScoredPoint;
import io.qdrant.client.grpc.Points.ScrollPoints;
import io.qdrant.client.grpc.Points.ScrollResponse;
import io.qdrant.client.grpc.Points.UpdateBatchPoints;
import io.qdrant.client.grpc.Points.UpdateBatchResponse;
import io.qdrant.client.grpc.Points.UpdateResult;
import io.qdrant.client.grpc.Points.UpdateStatus;
import io.qdrant.client.grpc.Points.UpsertPoints;
import io.qdrant.client.grpc.Points.Vector;
import io.qdrant.client.grpc.Points.VectorOutput;
import io.qdrant.client.grpc.Points.VectorsOutput;
import io.qdrant.client.grpc.Points.WithPayloadSelector;
import io.qdrant.client.grpc.Points.WithVectorsSelector;
import io.qdrant.client.grpc.PointsGrpc;
import io.qdrant.client.grpc.QdrantGrpc;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckReply;
import io.qdrant.client.grpc.QdrantOuterClass.HealthCheckRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A Qdrant server in this process, on loopback, made of the client's own generated stubs. It keeps points in memory over
 * stops and starts, searches exactly, and refuses as UNIMPLEMENTED whatever it was not told of ({@link Told}).
 */
public final class QdrantDouble implements AutoCloseable {
    public static final String VERSION = "1.18.3";

    private final TreeMap<String, DoubleCollection> collections = new TreeMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private final Map<String, Integer> failing = new ConcurrentHashMap<>();
    private volatile Optional<CountDownLatch> stuck = Optional.empty();
    private volatile Optional<String> key = Optional.empty();
    private volatile String version = VERSION;
    private Server server;
    private final int port;

    public QdrantDouble() throws IOException {
        server = serve(0);
        port = server.getPort();
    }

    private Server serve(int at) throws IOException {
        return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", at))
                .maxInboundMessageSize(64 << 20)
                .addService(new Health())
                .addService(new Collections())
                .addService(new Points())
                .intercept(new Door())
                .build()
                .start();
    }

    public int port() {
        return port;
    }

    public String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Like a killed server: connections break, what was acknowledged is kept. */
    public void stop() {
        server.shutdownNow();
        try {
            server.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** At the same port. */
    public void start() throws IOException {
        server = serve(port);
    }

    /** Calls get no answer until the latch opens. */
    void stuckUntil(CountDownLatch open) {
        stuck = Optional.of(open);
    }

    /** The next calls of a method ({@code qdrant.Points/Query}) take place, but their answer is lost. */
    void loseAnswers(String method, int times) {
        failing.put(method, times);
    }

    void requireKey(String wanted) {
        key = Optional.of(wanted);
    }

    void version(String other) {
        version = other;
    }

    int calls(String method) {
        return Optional.ofNullable(calls.get(method)).map(AtomicInteger::get).orElse(0);
    }

    io.qdrant.client.grpc.Collections.CollectionInfo info(String collection) {
        return locked(() -> collection(collection).info());
    }

    List<String> names() {
        return locked(() -> List.copyOf(collections.keySet()));
    }

    @Override
    public void close() {
        stuck.ifPresent(CountDownLatch::countDown);
        stop();
    }

    /** Counts, checks the key, waits, and loses answers. */
    private final class Door implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            String method = call.getMethodDescriptor().getFullMethodName();
            calls.computeIfAbsent(method, _ -> new AtomicInteger()).incrementAndGet();
            String given = headers.get(Metadata.Key.of("api-key", Metadata.ASCII_STRING_MARSHALLER));
            if (key.isPresent() && !key.get().equals(given)) {
                call.close(Status.UNAUTHENTICATED.withDescription("Invalid API key or JWT"), new Metadata());
                return new ServerCall.Listener<>() {};
            }
            stuck.ifPresent(open -> {
                try {
                    open.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            boolean lose = failing.computeIfPresent(method, (_, n) -> n == 0 ? null : n - 1) != null;
            return next.startCall(
                    lose
                            ? new io.grpc.ForwardingServerCall.SimpleForwardingServerCall<Q, R>(call) {
                                @Override
                                public void sendMessage(R message) {
                                    // lost on its way
                                }

                                @Override
                                public void close(Status status, Metadata trailers) {
                                    super.close(Status.UNAVAILABLE.withDescription("connection reset"), trailers);
                                }
                            }
                            : call,
                    headers);
        }
    }

    private <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private <R> void answer(Message request, StreamObserver<R> to, Supplier<R> work) {
        try {
            Told.require(request);
            R reply = locked(work);
            to.onNext(reply);
            to.onCompleted();
        } catch (RuntimeException refused) {
            to.onError(refused);
        }
    }

    private DoubleCollection collection(String name) {
        DoubleCollection found = collections.get(name);
        if (found == null) {
            throw Status.NOT_FOUND
                    .withDescription("Not found: Collection `" + name + "` doesn't exist!")
                    .asRuntimeException();
        }
        return found;
    }

    private final class Health extends QdrantGrpc.QdrantImplBase {
        @Override
        public void healthCheck(HealthCheckRequest request, StreamObserver<HealthCheckReply> to) {
            answer(
                    request,
                    to,
                    () -> HealthCheckReply.newBuilder()
                            .setTitle("qdrant - vector search engine")
                            .setVersion(version)
                            .build());
        }
    }

    private final class Collections extends CollectionsGrpc.CollectionsImplBase {
        private final CollectionOperationResponse done =
                CollectionOperationResponse.newBuilder().setResult(true).build();

        @Override
        public void list(ListCollectionsRequest request, StreamObserver<ListCollectionsResponse> to) {
            answer(request, to, () -> {
                ListCollectionsResponse.Builder all = ListCollectionsResponse.newBuilder();
                collections
                        .keySet()
                        .forEach(name -> all.addCollections(
                                CollectionDescription.newBuilder().setName(name)));
                return all.build();
            });
        }

        @Override
        public void get(GetCollectionInfoRequest request, StreamObserver<GetCollectionInfoResponse> to) {
            answer(
                    request,
                    to,
                    () -> GetCollectionInfoResponse.newBuilder()
                            .setResult(collection(request.getCollectionName()).info())
                            .build());
        }

        @Override
        public void create(CreateCollection request, StreamObserver<CollectionOperationResponse> to) {
            answer(request, to, () -> {
                if (collections.containsKey(request.getCollectionName())) {
                    throw DoubleCollection.invalid(
                            "Wrong input: Collection `" + request.getCollectionName() + "` already exists!");
                }
                collections.put(request.getCollectionName(), new DoubleCollection(request));
                return done;
            });
        }

        @Override
        public void update(UpdateCollection request, StreamObserver<CollectionOperationResponse> to) {
            answer(request, to, () -> {
                collection(request.getCollectionName()).change(request);
                return done;
            });
        }
    }

    private final class Points extends PointsGrpc.PointsImplBase {
        private final UpdateResult completed =
                UpdateResult.newBuilder().setStatus(UpdateStatus.Completed).build();
        private final PointsOperationResponse done =
                PointsOperationResponse.newBuilder().setResult(completed).build();

        private DoubleCollection waitedFor(boolean wait, String name) {
            if (!wait) {
                throw Told.unknown("changes that are not waited for");
            }
            return collection(name);
        }

        @Override
        public void createFieldIndex(CreateFieldIndexCollection request, StreamObserver<PointsOperationResponse> to) {
            answer(request, to, () -> {
                waitedFor(request.getWait(), request.getCollectionName()).index(request);
                return done;
            });
        }

        @Override
        public void upsert(UpsertPoints request, StreamObserver<PointsOperationResponse> to) {
            answer(request, to, () -> {
                waitedFor(request.getWait(), request.getCollectionName())
                        .upsert(
                                request.getPointsList(),
                                request.hasUpdateFilter() ? Optional.of(request.getUpdateFilter()) : Optional.empty());
                return done;
            });
        }

        @Override
        public void updateBatch(UpdateBatchPoints request, StreamObserver<UpdateBatchResponse> to) {
            answer(request, to, () -> {
                UpdateBatchResponse.Builder results = UpdateBatchResponse.newBuilder();
                for (PointsUpdateOperation each : request.getOperationsList()) {
                    waitedFor(request.getWait(), request.getCollectionName())
                            .setPayload(
                                    each.getSetPayload().getPointsSelector().getFilter(),
                                    each.getSetPayload().getPayloadMap());
                    results.addResult(completed);
                }
                return results.build();
            });
        }

        @Override
        public void delete(DeletePoints request, StreamObserver<PointsOperationResponse> to) {
            answer(request, to, () -> {
                waitedFor(request.getWait(), request.getCollectionName())
                        .delete(request.getPoints().getFilter());
                return done;
            });
        }

        @Override
        public void count(CountPoints request, StreamObserver<CountResponse> to) {
            answer(
                    request,
                    to,
                    () -> CountResponse.newBuilder()
                            .setResult(CountResult.newBuilder()
                                    .setCount(collection(request.getCollectionName())
                                            .count(request.getFilter())))
                            .build());
        }

        @Override
        public void facet(FacetCounts request, StreamObserver<FacetResponse> to) {
            answer(
                    request,
                    to,
                    () -> FacetResponse.newBuilder()
                            .addAllHits(collection(request.getCollectionName())
                                    .facet(request.getKey(), request.getFilter(), request.getLimit()))
                            .build());
        }

        @Override
        public void scroll(ScrollPoints request, StreamObserver<ScrollResponse> to) {
            answer(request, to, () -> {
                ScrollResponse.Builder page = ScrollResponse.newBuilder();
                for (DoubleCollection.Point point : collection(request.getCollectionName())
                        .scroll(request.getFilter(), request.getOffset().getUuid(), request.getLimit())) {
                    page.addResult(RetrievedPoint.newBuilder()
                            .setId(point.struct().getId())
                            .putAllPayload(payload(point.struct(), request.getWithPayload()))
                            .setVectors(vectors(point.struct(), request.getWithVectors())));
                }
                return page.build();
            });
        }

        @Override
        public void query(QueryPoints request, StreamObserver<QueryResponse> to) {
            answer(request, to, () -> {
                QueryResponse.Builder found = QueryResponse.newBuilder();
                for (DoubleCollection.Hit hit :
                        collection(request.getCollectionName()).nearest(request)) {
                    found.addResult(ScoredPoint.newBuilder()
                            .setId(hit.point().struct().getId())
                            .setScore((float) hit.score())
                            .putAllPayload(payload(hit.point().struct(), request.getWithPayload()))
                            .setVectors(vectors(hit.point().struct(), request.getWithVectors())));
                }
                return found.build();
            });
        }
    }

    private static Map<String, Value> payload(PointStruct point, WithPayloadSelector wanted) {
        Map<String, Value> payload = new HashMap<>();
        for (String field : wanted.getInclude().getFieldsList()) {
            Optional.ofNullable(point.getPayloadMap().get(field)).ifPresent(value -> payload.put(field, value));
        }
        return payload;
    }

    private static VectorsOutput vectors(PointStruct point, WithVectorsSelector wanted) {
        NamedVectorsOutput.Builder vectors = NamedVectorsOutput.newBuilder();
        for (String name : wanted.getInclude().getNamesList()) {
            Vector vector = point.getVectors().getVectors().getVectorsMap().get(name);
            if (vector != null) {
                vectors.putVectors(
                        name,
                        vector.hasDense()
                                ? VectorOutput.newBuilder()
                                        .setDense(vector.getDense())
                                        .build()
                                : VectorOutput.newBuilder()
                                        .setSparse(vector.getSparse())
                                        .build());
            }
        }
        return VectorsOutput.newBuilder().setVectors(vectors).build();
    }
}
