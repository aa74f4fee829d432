package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Answers;
import io.kvasir.answering.Question;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.llm.ChatModel;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;

/** What a conversation works with, in the hands of a test: it hears the questions and says the answers. */
final class Surroundings implements AutoCloseable {
    static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    static final Profile PROFILE = new Profile(
            3,
            new Question.Style("fake", "m", "", 0, 100),
            new RetrievalSettings(
                    SearchMode.HYBRID, 5, 0.1, 100, 0.7, RetrievalSettings.Rerank.NONE, 0.7, 256, 32, 3_000));
    static final AnswerEvent.Retrieved RETRIEVED = new AnswerEvent.Retrieved(
            List.of(new AnswerEvent.Citation(
                    1, new PassageId("p"), new SourceId("s"), "Title", Optional.empty(), Optional.empty(), "…", 0.5)),
            2.5,
            3);

    private final Database database = TestDatabase.inMemory();
    private final Transactor transactor = new Transactor(database.dataSource(), 4);
    private final SubjectKeys keys = new SubjectKeys(transactor, TestDatabase.masterKey());
    final ConversationAddress address = new ConversationAddress(new TenantId("t"), ConversationId.next());
    final SubjectKey key = keys.obtain(address.subject()).toCompletableFuture().join();

    final AtomicReference<Instant> now = new AtomicReference<>(NOW);
    final List<Question> questions = new CopyOnWriteArrayList<>();
    final List<Question> expected = new CopyOnWriteArrayList<>();
    final List<BoundedSourceQueue<AnswerEvent>> answers = new CopyOnWriteArrayList<>();
    final List<String> bills = new CopyOnWriteArrayList<>();
    final List<Register.Change> listed = new CopyOnWriteArrayList<>();
    private final Materializer materializer;
    volatile CompletionStage<Optional<SubjectKey>> found = CompletableFuture.completedFuture(Optional.of(key));
    int longestReply = 1_000;
    Duration longestTurn = Duration.ofMinutes(1);
    Duration checkpointEvery = Duration.ofMinutes(1);
    Duration idle = Duration.ofMinutes(5);
    Duration drain = Duration.ZERO;
    Optional<ReplyTails> tails = Optional.empty();

    Surroundings(Materializer materializer) {
        this.materializer = materializer;
    }

    ReplyTails kept() {
        return new ReplyTails(transactor);
    }

    /** Nothing can be kept beside the journal, nor be found there. */
    void tailsGo() {
        change("ALTER TABLE reply_tails RENAME TO reply_tails_away");
    }

    void tailsComeBack() {
        change("ALTER TABLE reply_tails_away RENAME TO reply_tails");
    }

    void change(String sql) {
        transactor.change(c -> Sql.update(c, sql)).toCompletableFuture().join();
    }

    int tailRows() {
        return transactor
                .run(c -> Sql.first(c, "SELECT count(*) FROM reply_tails", row -> row.getInt(1)))
                .toCompletableFuture()
                .join()
                .orElseThrow();
    }

    Register register() {
        return new Register(transactor);
    }

    ConversationEntity.Surroundings forEntity() {
        return new ConversationEntity.Surroundings(
                new ConversationSettings(
                        1_000,
                        longestReply,
                        3,
                        2,
                        longestTurn,
                        checkpointEvery,
                        Duration.ofSeconds(1),
                        idle,
                        Duration.ofSeconds(5),
                        100,
                        drain,
                        tails.isPresent()),
                new Ticking(),
                _ -> found,
                new Answering(new Voices(), new Bills(), materializer, 2),
                listed::add,
                tails);
    }

    private final class Voices implements Answers {
        @Override
        public Source<AnswerEvent, NotUsed> answer(Question question) {
            var made = Source.<AnswerEvent>queue(1_000).preMaterialize(materializer);
            answers.add(made.first());
            questions.add(question);
            return made.second().mapMaterializedValue(_ -> NotUsed.getInstance());
        }

        @Override
        public void expect(Question question) {
            expected.add(question);
        }
    }

    static AnswerEvent text(String text) {
        return new AnswerEvent.Text(text);
    }

    static AnswerEvent finished() {
        return new AnswerEvent.Finished(
                ChatModel.FinishReason.STOP,
                List.of(1),
                new ChatModel.Usage("fake", "m", 10, 20, 30),
                new AnswerEvent.Timings(1, 2, 3));
    }

    String open(List<Sealed> pieces) {
        StringBuilder text = new StringBuilder();
        pieces.forEach(piece -> text.append(key.open(piece)));
        return text.toString();
    }

    @Override
    public void close() {
        transactor.close();
        database.close();
    }

    /** What answers used, as it was told. */
    private final class Bills extends Unlimited {
        @Override
        public void settle(Scope scope, String reservation, Used used) {
            bills.add(used.promptTokens() + "+" + used.completionTokens());
        }

        @Override
        public void release(Scope scope, String reservation) {
            bills.add("nothing");
        }
    }

    private final class Ticking extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now.get();
        }
    }
}
