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
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.VectorSpace;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
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
    private static final KnowledgeBases BASES = bases();
    private static final HttpServerForTests SERVER = serving();

    private final TenantId tenant = TenantId.next();

    private static KnowledgeBases bases() {
        Cluster cluster = Cluster.get(KIT.system());
        cluster.manager().tell(new Join(cluster.selfMember().address()));
        return new KnowledgeBases(
                KIT.system(),
                new KnowledgeBaseSettings(
                        1_000,
                        10,
                        10,
                        3,
                        Duration.ofSeconds(2),
                        Duration.ofMinutes(5),
                        100,
                        "extractive",
                        "extractive",
                        0.2,
                        800,
                        new RetrievalSettings(
                                SearchMode.HYBRID,
                                5,
                                0.1,
                                100,
                                0.7,
                                RetrievalSettings.Rerank.NONE,
                                0.7,
                                256,
                                32,
                                3_000),
                        new KnowledgeBaseSettings.Reembedding(
                                1, Duration.ofMillis(50), Duration.ofMillis(100), Duration.ZERO)),
                CLOCK,
                TRANSACTOR,
                KEYS,
                new Surroundings.Blobs(),
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

    /** Room for so many, which hears late of what is held where a test says so. */
    private static final class Tight implements Room {
        private volatile boolean full;
        private volatile CompletableFuture<Void> heard = CompletableFuture.completedFuture(null);

        @Override
        public CompletionStage<Outcome<Place>> forKnowledgeBase(TenantId tenant) {
            return CompletableFuture.completedFuture(
                    full
                            ? Outcome.refused(new Rejection.Conflict("full", "No more of them"))
                            : Outcome.done(() -> CompletableFuture.completedFuture(null)));
        }

        @Override
        public CompletionStage<Outcome<Place>> forDocuments(Scope scope, long documents, long bytes) {
            return forKnowledgeBase(scope.tenant());
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
    void roomAndTime() {
        ROOM.full = false;
        ROOM.heard = CompletableFuture.completedFuture(null);
        CLOCK.atLook(0, () -> {});
    }

    @AfterAll
    static void shutDown() throws Exception {
        SERVER.close();
        ActorTestKit.shutdown(KIT.system(), Duration.ofMinutes(1));
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
        ROOM.full = true;

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
        assertThat(post("Another", "other").statusCode()).isEqualTo(409);
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

    @Test
    void afterARefusalTheKeyIsFree() throws Exception {
        ROOM.full = true;
        assertThat(post("Shop", "k").statusCode()).isEqualTo(409);
        ROOM.full = false;

        String id = id(post("Shop", "k"));

        assertThat(listed()).extracting(base -> base.id().value()).containsExactly(id);
    }
}
