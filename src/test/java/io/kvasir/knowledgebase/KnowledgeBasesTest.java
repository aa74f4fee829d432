package io.kvasir.knowledgebase;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Authenticated;
import io.kvasir.http.Endpoints;
import io.kvasir.http.HttpServerForTests;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.JdbcBlobStore;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.VectorSpace;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.javadsl.PersistenceTestKit;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The façade over real shards: what becomes of creations that others disturb, or of which nobody heard the end. */
class KnowledgeBasesTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            "knowledge-bases",
            PersistenceTestKitPlugin.config()
                    .withFallback(PersistenceTestKitSnapshotPlugin.config())
                    .withFallback(ConfigFactory.load()));
    private static final Database DATABASE = TestDatabase.inMemory();
    private static final Transactor TRANSACTOR = new Transactor(DATABASE.dataSource(), 8);
    private static final SubjectKeys KEYS = new SubjectKeys(TRANSACTOR, TestDatabase.masterKey());
    private static final Catalogue CATALOGUE = new Catalogue(TRANSACTOR);
    private static final Interrupting CLOCK = new Interrupting();
    private static final Tight ROOM = new Tight();
    private static final Index INDEX = new Index();
    private static final JdbcBlobStore BLOBS =
            new JdbcBlobStore(TRANSACTOR, KEYS, Materializer.matFromSystem(KIT.system()));
    private static final PersistenceTestKit JOURNAL = PersistenceTestKit.create(KIT.system());
    private static final KnowledgeBases BASES = bases();
    private static final HttpServerForTests SERVER = serving();

    private final TenantId tenant = TenantId.next();

    private static KnowledgeBases bases() {
        Cluster cluster = Cluster.get(KIT.system());
        cluster.manager().tell(new Join(cluster.selfMember().address()));
        return new KnowledgeBases(
                KIT.system(),
                Surroundings.settings(1_000_000, 10, Duration.ofSeconds(2), Duration.ofMinutes(5), Duration.ZERO),
                CLOCK,
                TRANSACTOR,
                KEYS,
                BLOBS,
                new Spaces(new Embedders(List.of(new Mute()), Mute.NAME), _ -> INDEX, new VectorSpace(Mute.NAME, 2)),
                (_, _) -> CompletableFuture.completedFuture(null),
                (_, _) -> {
                    throw new UnsupportedOperationException();
                },
                (_, _) -> {
                    throw new UnsupportedOperationException();
                },
                ROOM,
                _ -> CompletableFuture.completedFuture(null),
                _ -> CompletableFuture.completedFuture(null));
    }

    private static HttpServerForTests serving() {
        Idempotent idempotent =
                new Idempotent(new JdbcRememberedReplies(TRANSACTOR, KEYS, Clock.systemUTC(), "here", _ -> false));
        return HttpServerForTests.serving(new Endpoints(
                        new KnowledgeBaseRoutes(
                                        BASES,
                                        idempotent,
                                        (_, _, _, _, _) -> {
                                            throw new UnsupportedOperationException();
                                        },
                                        _ -> Source.<org.apache.pekko.util.ByteString>empty()
                                                .mapMaterializedValue(_ -> NotUsed.getInstance()),
                                        _ -> CompletableFuture.completedFuture(null))
                                .endpoints(),
                        new Authenticated(tenant -> CompletableFuture.completedFuture(Optional.of(new Principal(
                                new UserId("u"),
                                new TenantId(tenant),
                                Set.of(Principal.Role.OWNER),
                                Optional.empty())))))
                .route());
    }

    /** Time as it goes, and between two looks at it what a test wants to happen just there. */
    private static final class Interrupting extends Clock {
        private final AtomicInteger looks = new AtomicInteger();
        private volatile Runnable interruption = () -> {};

        void atLook(int number, Runnable what) {
            looks.set(number);
            interruption = what;
        }

        @Override
        public Instant instant() {
            if (looks.getAndDecrement() == 1) {
                interruption.run();
            }
            return Instant.now();
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** Room for so many things and bytes beside what is held, which hears late of what is held where a test says so. */
    private static final class Tight implements Room {
        private final Map<String, Long> places = new ConcurrentHashMap<>();
        private volatile long most = Long.MAX_VALUE;
        private volatile CompletableFuture<Void> heard = CompletableFuture.completedFuture(null);

        void empty() {
            places.clear();
            most = Long.MAX_VALUE;
            heard = CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletionStage<Outcome<Place>> forKnowledgeBase(Scope scope) {
            return place(scope.knowledgeBase().value(), 1);
        }

        @Override
        public CompletionStage<Outcome<Place>> forDocuments(Scope scope, String place, long documents, long bytes) {
            return place(place, documents + bytes);
        }

        private CompletionStage<Outcome<Place>> place(String name, long wanted) {
            long taken = places.entrySet().stream()
                    .filter(place -> !place.getKey().equals(name))
                    .mapToLong(Map.Entry::getValue)
                    .sum();
            if (taken + wanted > most) {
                return CompletableFuture.completedFuture(
                        Outcome.refused(new Rejection.Conflict("full", "No more of them")));
            }
            places.put(name, wanted);
            return CompletableFuture.completedFuture(Outcome.done(() -> {
                places.remove(name);
                return CompletableFuture.completedFuture(null);
            }));
        }

        @Override
        public CompletionStage<Void> holds(Scope scope, long documents, long bytes) {
            return heard;
        }

        @Override
        public CompletionStage<Void> gone(Scope scope) {
            return CompletableFuture.completedFuture(null);
        }
    }

    private static final class Index extends Surroundings.Index implements MovableIndex {
        @Override
        public CompletionStage<List<Kept>> kept(Scope scope, Optional<PassageId> after, int limit) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Map<PassageId, Kept>> kept(Scope scope, Set<PassageId> ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> remove(Scope scope, Set<PassageId> ids) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Long> size(Scope scope) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Void> restore(Scope scope, List<Kept> passages) {
            throw new UnsupportedOperationException();
        }
    }

    /** A model nobody asks. */
    private static final class Mute implements Embedder {
        static final String NAME = "mute";

        @Override
        public String model() {
            return NAME;
        }

        @Override
        public int dimensions() {
            return 2;
        }

        @Override
        public int maxTokens() {
            return 512;
        }

        @Override
        public int countTokens(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public double fluency(String text) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<float[]> embedQuery(String question) {
            throw new UnsupportedOperationException();
        }

        @Override
        public int parallelism() {
            return 1;
        }

        @Override
        public void close() {}
    }

    @BeforeAll
    static void formTheCluster() {
        TenantId somebody = TenantId.next();
        await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> done(BASES.create(somebody, new UserId("u"), "First", "")), _ -> true);
    }

    @BeforeEach
    void roomAndTime() throws Exception {
        got(TRANSACTOR.change(c -> Sql.update(c, "DELETE FROM knowledge_bases")));
        ROOM.empty();
        CLOCK.atLook(0, () -> {});
    }

    @AfterAll
    static void shutDown() throws Exception {
        SERVER.close();
        ActorTestKit.shutdown(KIT.system(), Duration.ofMinutes(1));
        BLOBS.close();
        TRANSACTOR.close();
        DATABASE.close();
    }

    private static <T> T got(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static <T> T done(CompletionStage<Outcome<T>> outcome) throws Exception {
        return ((Outcome.Done<T>) got(outcome)).value();
    }

    private List<Views.Base> listed() throws Exception {
        return got(BASES.list(tenant, new Page.Request(10, Optional.empty()))).items();
    }

    private HttpResponse<String> post(String name, String key) throws Exception {
        return SERVER.send(HttpRequest.newBuilder(SERVER.uri("/api/v1/knowledge-bases"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + tenant)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + name + "\"}")));
    }

    private static String id(HttpResponse<String> created) throws Exception {
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        JsonNode body = Json.MAPPER.readTree(created.body());
        return body.get("id").asText();
    }

    // waking

    @Test
    void wakingSparesWhatIsJustBeingCreated() throws Exception {
        AtomicInteger woken = new AtomicInteger();
        // The first look is for the row; at the second it stands, and the entity has not heard yet.
        CLOCK.atLook(
                2, () -> woken.set(BASES.wakeUnfinished().toCompletableFuture().join()));

        Scope made = done(BASES.create(tenant, new UserId("u"), "Shop", "Of ours"));

        assertThat(woken).hasValue(1);
        assertThat(done(BASES.read(made)).name()).isEqualTo("Shop");
        assertThat(listed()).extracting(Views.Base::id).containsExactly(made.knowledgeBase());
        assertThat(got(CATALOGUE.unfinished())).isEmpty();
    }

    @Test
    void wakingForgetsWhatNeverCameToBe() throws Exception {
        got(CATALOGUE.intend(new Scope(tenant, KnowledgeBaseId.next()), Instant.now()));

        assertThat(got(BASES.wakeUnfinished())).isEqualTo(1);
        assertThat(got(BASES.wakeUnfinished())).isZero();
    }

    // the same request again

    /** As where the node dies before it is stored. */
    private static void loseTheNextChange() {
        JOURNAL.failNextPersisted();
    }

    /** As where the node dies on which it came to be: it is stored, and whoever asked hears nothing. */
    private void createdUnheard(String name, String key) throws Exception {
        CompletableFuture<Void> later = new CompletableFuture<>();
        ROOM.heard = later;
        assertThat(post(name, key).statusCode()).isEqualTo(503);
        later.complete(null);
        ROOM.heard = later;
    }

    @Test
    void aRepeatOfWhatNobodyHeardTheEndOfCreatesNoSecond() throws Exception {
        createdUnheard("Shop", "k");

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
        assertThat(id(post("Shop", "k"))).isEqualTo(id);
    }

    @Test
    void itMayHaveBeenTheLastThereWasRoomFor() throws Exception {
        createdUnheard("Shop", "k");
        ROOM.most = 0;

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
        assertThat(post("Another", "other").statusCode()).isEqualTo(409);
    }

    @Test
    void thePlaceOfWhatDidNotComeToBeIsItsOwn() throws Exception {
        ROOM.most = 1;
        loseTheNextChange();
        assertThat(post("Shop", "k").statusCode()).isEqualTo(503);
        assertThat(post("Another", "other").statusCode()).isEqualTo(409);

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
    }

    @Test
    void aRepeatOfWhatWasDeletedMeanwhileLeavesNoRow() throws Exception {
        createdUnheard("Shop", "k");
        Scope made = new Scope(tenant, listed().getFirst().id());
        done(BASES.delete(made));
        got(TRANSACTOR.change(c -> new CatalogueRows().remove(c, made.key())));

        assertThat(post("Shop", "k").statusCode()).isEqualTo(409);

        assertThat(got(CATALOGUE.all())).doesNotContain(made);
    }

    // the same upload again

    private static final String END = "--b--\r\n";
    private static final String FIRST = "The first of them.";
    private static final String ONE = file("one.txt", FIRST);
    private static final String TWO = file("two.txt", "The second, which is longer.");

    private static String file(String name, String text) {
        return "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + text
                + "\r\n";
    }

    private static URI documentsOf(Scope scope) {
        return SERVER.uri("/api/v1/knowledge-bases/" + scope.knowledgeBase() + "/documents");
    }

    private HttpResponse<String> upload(Scope into, String key, String... files) throws Exception {
        return SERVER.send(HttpRequest.newBuilder(documentsOf(into))
                .header("Content-Type", "multipart/form-data; boundary=b")
                .header("Authorization", "Bearer " + tenant)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(String.join("", files) + END)));
    }

    /** The ids of what was taken in, in the order of the files. */
    private static List<String> documents(HttpResponse<String> taken) throws Exception {
        assertThat(taken.statusCode()).as(taken.body()).isEqualTo(202);
        List<String> ids = new ArrayList<>();
        Json.MAPPER
                .readTree(taken.body())
                .get("jobs")
                .forEach(job -> ids.add(job.get("documentId").asText()));
        return ids;
    }

    private static List<String> kept(Scope scope) throws Exception {
        return done(BASES.documents(scope, new Page.Request(10, Optional.empty()))).items().stream()
                .map(doc -> doc.id().value())
                .toList();
    }

    private static List<String> blobs(Scope scope) throws Exception {
        return got(TRANSACTOR.run(c ->
                Sql.all(c, "SELECT id FROM blobs WHERE scope = ? ORDER BY id", row -> row.getString(1), scope.key())));
    }

    private Scope base() throws Exception {
        return done(BASES.create(tenant, new UserId("u"), "Shop", "Of ours"));
    }

    private void uploadedUnheard(Scope into, String... files) throws Exception {
        CompletableFuture<Void> later = new CompletableFuture<>();
        ROOM.heard = later;
        assertThat(upload(into, "k", files).statusCode()).isEqualTo(503);
        later.complete(null);
    }

    @Test
    void aRepeatOfAnUploadNobodyHeardTheEndOfAddsNoSecond() throws Exception {
        Scope base = base();
        uploadedUnheard(base, ONE);

        List<String> ids = documents(upload(base, "k", ONE));

        assertThat(kept(base)).hasSize(1).isEqualTo(ids);
        assertThat(blobs(base)).hasSize(1);
        assertThat(documents(upload(base, "k", ONE))).isEqualTo(ids);
    }

    @Test
    void itAddsWhatIsMissingOfSeveralFiles() throws Exception {
        Scope base = base();
        uploadedUnheard(base, ONE, TWO);
        assertThat(kept(base)).hasSize(1);

        List<String> ids = documents(upload(base, "k", ONE, TWO));

        assertThat(kept(base)).hasSize(2).isEqualTo(ids);
        assertThat(blobs(base)).hasSize(2);
    }

    @Test
    void whatIsThereAlreadyIsReadPast() throws Exception {
        Scope base = base();
        String large = file("large.txt", "a word ".repeat(100_000));
        uploadedUnheard(base, large, TWO);

        assertThat(documents(upload(base, "k", large, TWO))).hasSize(2);

        ROOM.most = 0;
        assertThat(upload(base, "other", large, TWO).statusCode()).isEqualTo(409);
    }

    @Test
    void anUploadThatWasCutOffIsFinishedByItsRepeat() throws Exception {
        Scope base = base();
        String whole = ONE + TWO + END;
        URI path = documentsOf(base);
        try (Socket socket = new Socket("127.0.0.1", path.getPort())) {
            String head = "POST " + path.getPath() + " HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer " + tenant
                    + "\r\nIdempotency-Key: k\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
                    + whole.length() + "\r\n\r\n";
            socket.getOutputStream()
                    .write((head + whole.substring(0, whole.length() - 20)).getBytes(StandardCharsets.US_ASCII));
            await().until(() -> kept(base).size() == 1);
        }

        AtomicReference<HttpResponse<String>> answer = new AtomicReference<>();
        await().until(() -> {
            answer.set(upload(base, "k", ONE, TWO));
            return !answer.get().body().contains("idempotent-request-in-progress");
        });

        assertThat(documents(answer.get())).hasSize(2).isEqualTo(kept(base));
    }

    @Test
    void anUploadThatDidNotArriveLeavesNoFileBesideThatOfItsRepeat() throws Exception {
        Scope base = base();
        loseTheNextChange();
        assertThat(upload(base, "k", ONE).statusCode()).isEqualTo(503);
        assertThat(kept(base)).isEmpty();

        List<String> ids = documents(upload(base, "k", ONE));

        assertThat(kept(base)).hasSize(1).isEqualTo(ids);
        assertThat(blobs(base)).hasSize(1);
    }

    @Test
    void itsPlaceIsKeptForItsRepeat() throws Exception {
        Scope base = base();
        ROOM.most = 1 + FIRST.length();
        loseTheNextChange();
        assertThat(upload(base, "k", ONE).statusCode()).isEqualTo(503);
        assertThat(upload(base, "other", TWO).statusCode()).isEqualTo(409);

        assertThat(documents(upload(base, "k", ONE))).isEqualTo(kept(base)).hasSize(1);
    }

    @Test
    void itMayHaveBeenTheLastDocumentThereWasRoomFor() throws Exception {
        Scope base = base();
        uploadedUnheard(base, ONE);
        ROOM.most = 0;

        assertThat(documents(upload(base, "k", ONE))).isEqualTo(kept(base)).hasSize(1);
        assertThat(upload(base, "other", ONE).statusCode()).isEqualTo(409);
    }

    @Test
    void aRefusedUploadOfWhichAPartIsThereGoesOnWithIt() throws Exception {
        Scope base = base();
        String misnamed = TWO.replace("\"file\"", "\"page\"");
        assertThat(upload(base, "k", ONE, misnamed).statusCode()).isEqualTo(400);
        List<String> there = kept(base);
        assertThat(there).hasSize(1);

        assertThat(upload(base, "k", ONE, misnamed).statusCode()).isEqualTo(400);

        assertThat(kept(base)).isEqualTo(there);
    }

    @Test
    void aDocumentThatWasRemovedMeanwhileDoesNotComeBack() throws Exception {
        Scope base = base();
        uploadedUnheard(base, ONE);
        done(BASES.remove(base, new SourceId(kept(base).getFirst())));

        assertThat(upload(base, "k", ONE).statusCode()).isEqualTo(409);

        assertThat(kept(base)).isEmpty();
        assertThat(blobs(base)).isEmpty();
    }

    @Test
    void afterARefusalTheKeyIsFree() throws Exception {
        ROOM.most = 0;
        assertThat(post("Shop", "k").statusCode()).isEqualTo(409);
        ROOM.most = Long.MAX_VALUE;

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
    }
}
