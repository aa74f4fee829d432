package io.kvasir.conversation;

import static io.kvasir.conversation.Surroundings.PROFILE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Answers;
import io.kvasir.answering.Question;
import io.kvasir.conversation.domain.Position;
import io.kvasir.http.Page;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The façade over real shards: what readers notice when a conversation's actor is gone. */
class ConversationsTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            "conversations",
            PersistenceTestKitPlugin.config()
                    .withFallback(PersistenceTestKitSnapshotPlugin.config())
                    .withFallback(ConfigFactory.load()));
    private static final Database DATABASE = TestDatabase.inMemory();
    private static final Transactor TRANSACTOR = new Transactor(DATABASE.dataSource(), 4);
    private static final List<BoundedSourceQueue<AnswerEvent>> VOICES = new CopyOnWriteArrayList<>();
    private static final List<String> EXPECTED = new CopyOnWriteArrayList<>();
    private static final AtomicReference<CompletionStage<Outcome<String>>> RESERVED =
            new AtomicReference<>(CompletableFuture.completedFuture(Outcome.done("r")));
    private static final Conversations CONVERSATIONS = conversations();
    private static final Scope SCOPE = new Scope(new TenantId("t"), new KnowledgeBaseId("kb"));

    private static Conversations conversations() {
        Cluster cluster = Cluster.get(KIT.system());
        cluster.manager().tell(new Join(cluster.selfMember().address()));
        return new Conversations(
                KIT.system(),
                new ConversationSettings(
                        1_000,
                        10_000,
                        10,
                        2,
                        Duration.ofMinutes(1),
                        Duration.ofMillis(100),
                        Duration.ofMinutes(2),
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(3),
                        100,
                        Duration.ZERO,
                        false),
                Clock.systemUTC(),
                TRANSACTOR,
                new SubjectKeys(TRANSACTOR, TestDatabase.masterKey()),
                new Voices(),
                _ -> CompletableFuture.completedFuture(Outcome.done(PROFILE)),
                new Unlimited() {
                    @Override
                    public CompletionStage<Outcome<String>> reserve(Scope scope, Profile profile, String question) {
                        return RESERVED.get();
                    }
                });
    }

    private static final class Voices implements Answers {
        @Override
        public Source<AnswerEvent, NotUsed> answer(Question question) {
            var made = Source.<AnswerEvent>queue(100).preMaterialize(Materializer.matFromSystem(KIT.system()));
            VOICES.add(made.first());
            return made.second().mapMaterializedValue(_ -> NotUsed.getInstance());
        }

        @Override
        public void expect(Question question) {
            EXPECTED.add(question.text());
        }
    }

    @AfterAll
    static void shutDown() {
        ActorTestKit.shutdown(KIT.system(), Duration.ofMinutes(1));
        TRANSACTOR.close();
        DATABASE.close();
    }

    private static <T> T done(CompletionStage<Outcome<T>> outcome) throws Exception {
        return ((Outcome.Done<T>) outcome.toCompletableFuture().get(30, TimeUnit.SECONDS)).value();
    }

    private static ConversationAddress started() throws Exception {
        // The cluster of one may still be forming.
        return await().atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(
                        () -> new ConversationAddress(
                                SCOPE.tenant(),
                                done(CONVERSATIONS.start(SCOPE, new UserId("u"), Optional.empty()))
                                        .id()),
                        Objects::nonNull);
    }

    private static CompletionStage<String> read(Source<ByteString, NotUsed> events, List<String> heard) {
        return events.map(ByteString::utf8String)
                .map(text -> {
                    heard.add(text);
                    return text;
                })
                .takeWhile(text -> !text.contains(":end\n"), true)
                .runWith(Sink.fold("", String::concat), KIT.system());
    }

    /** Without a last word, as where it breaks. */
    private static void actorGoes(ConversationAddress address) {
        TestProbe<Heard> reader = KIT.createTestProbe();
        ClusterSharding.get(KIT.system())
                .entityRefFor(ConversationEntity.KEY, address.entityId())
                .tell(new ConversationEntity.Watch(new Position(9, 0, true), true, reader.ref()));
        ActorRef<?> actor = reader.receiveMessage().entity();
        KIT.system().classicSystem().stop(Adapter.toClassic(actor));
    }

    @Test
    void aQuestionIsLookedIntoWhileItIsPaidForAndStored() throws Exception {
        ConversationAddress address = started();
        CompletableFuture<Outcome<String>> reservation = new CompletableFuture<>();
        RESERVED.set(reservation);
        try {
            CompletionStage<Outcome<Integer>> asked = CONVERSATIONS.ask(address, "Already?", Optional.empty());
            await().atMost(Duration.ofSeconds(20)).until(() -> EXPECTED.contains("Already?"));
            assertThat(asked.toCompletableFuture()).isNotDone();
            reservation.complete(Outcome.refused(new Rejection.NotFound("no room")));
            assertThat(asked.toCompletableFuture().get(20, TimeUnit.SECONDS)).isInstanceOf(Outcome.Refused.class);
        } finally {
            RESERVED.set(CompletableFuture.completedFuture(Outcome.done("r")));
        }
        assertThat(done(CONVERSATIONS.messages(address, new Page.Request(10, Optional.empty())))
                        .items())
                .isEmpty();
    }

    @Test
    void readersHearAtOnceHowATurnEndedWhoseActorIsGone() throws Exception {
        ConversationAddress address = started();
        int turn = done(CONVERSATIONS.ask(address, "When?", Optional.empty()));
        await().atMost(Duration.ofSeconds(20)).until(() -> !VOICES.isEmpty());
        List<String> one = new CopyOnWriteArrayList<>();
        List<String> other = new CopyOnWriteArrayList<>();
        CompletionStage<String> asker =
                read(CONVERSATIONS.turn(address, turn).toCompletableFuture().get(20, TimeUnit.SECONDS), one);
        CompletionStage<String> watcher = read(done(CONVERSATIONS.events(address, Optional.empty())), other);
        VOICES.getLast().offer(Surroundings.text("In 14"));
        await().until(() ->
                String.join("", one).contains("In 14") && String.join("", other).contains("In 14"));

        actorGoes(address);

        // Their keep-alive comes after two minutes: nothing but the lookout tells them.
        for (CompletionStage<String> reader : List.of(asker, watcher)) {
            assertThat(reader.toCompletableFuture().get(20, TimeUnit.SECONDS))
                    .containsOnlyOnce("In 14")
                    .contains("event: turn.failed\nid: 1:end\n")
                    .contains("interrupted");
        }
    }

    @Test
    void aReaderThatWaitsForAQuestionGoesOnWhenTheActorIsGone() throws Exception {
        ConversationAddress address = started();
        List<String> heard = new CopyOnWriteArrayList<>();
        CompletionStage<String> watcher = read(done(CONVERSATIONS.events(address, Optional.empty())), heard);
        await().until(() -> !heard.isEmpty());

        actorGoes(address);

        // What was on its way to it is lost with it.
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> done(CONVERSATIONS.read(address)).turns() == 0);
        int before = VOICES.size();
        done(CONVERSATIONS.ask(address, "When?", Optional.empty()));
        await().until(() -> VOICES.size() > before);
        VOICES.getLast().offer(Surroundings.text("Soon"));
        VOICES.getLast().offer(Surroundings.finished());
        assertThat(watcher.toCompletableFuture().get(20, TimeUnit.SECONDS))
                .contains("event: turn.started\nid: 1:0\n")
                .contains("Soon")
                .contains("event: turn.completed\nid: 1:end\n");
    }
}
