package io.kvasir.ingestion.faq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.http.Page;
import io.kvasir.ingestion.source.Found;
import io.kvasir.ingestion.source.Listing;
import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.Read;
import io.kvasir.ingestion.source.SourceContract;
import io.kvasir.ingestion.source.SourceFault;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.ingestion.source.Visit;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The list of questions keeps what every source promises, and what a list promises beside. */
class FaqTest extends SourceContract {
    private final Faq faq = new Faq(desk.transactor, desk.keys, new FaqSettings(10, 100_000), Clock.systemUTC());
    private final SourceKind kind = new Hindered(faq.kind());
    private final Map<String, String> ids = new ConcurrentHashMap<>();
    private volatile boolean reachable = true;
    private volatile Duration slow = Duration.ZERO;

    /** The same kind on a bad day. */
    private final class Hindered implements SourceKind {
        private final SourceKind inner;

        Hindered(SourceKind inner) {
            this.inner = inner;
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public boolean interactive() {
            return inner.interactive();
        }

        @Override
        public String shown(String settings) {
            return settings;
        }

        @Override
        public Visit visit(Opened source) throws SourceFault {
            Visit visit = inner.visit(source);
            return new Visit() {
                @Override
                public void list(Listing listing) throws SourceFault {
                    if (!reachable) {
                        throw SourceFault.passing("away", "The database is away");
                    }
                    visit.list(listing);
                }

                @Override
                public Read read(Found item) throws SourceFault {
                    source.pause(slow);
                    return visit.read(item);
                }
            };
        }
    }

    @BeforeEach
    void know() {
        faq.kept(ledger());
    }

    @Override
    protected SourceKind kind() {
        return kind;
    }

    @Override
    protected io.kvasir.kernel.SourceId source() {
        return Faq.LIST;
    }

    @Override
    protected String settings() {
        return "{\"answerExactly\":false}";
    }

    /** Into the rows alone, so that the contract says when they are read. */
    @Override
    protected void put(String name, String text) {
        FaqRows rows = rows();
        FaqDraft draft = new FaqDraft("What about " + name + "?", text, Optional.empty(), Optional.empty());
        desk.transactor
                .change(c -> {
                    String id = ids.get(name);
                    if (id == null) {
                        ids.put(name, "id-" + name);
                        rows.append(
                                c,
                                "id-" + name,
                                draft,
                                rows.last(c),
                                Clock.systemUTC().instant());
                    } else {
                        rows.change(c, id, draft, Clock.systemUTC().instant());
                    }
                })
                .toCompletableFuture()
                .join();
    }

    private FaqRows rows() {
        return new FaqRows(
                desk.scope,
                desk.keys
                        .obtain(io.kvasir.ingestion.Kept.subject(desk.scope, Faq.LIST))
                        .toCompletableFuture()
                        .join());
    }

    @Override
    protected void take(String name) {
        FaqRows rows = rows();
        desk.transactor
                .run(c -> rows.delete(c, ids.remove(name)))
                .toCompletableFuture()
                .join();
    }

    @Override
    protected void reachable(boolean is) {
        reachable = is;
    }

    @Override
    protected void slow(Duration each) {
        slow = each;
    }

    private FaqEntry entry(String question, String answer) {
        return got(
                faq.add(desk.scope, Ids.next(), new FaqDraft(question, answer, Optional.empty(), Optional.of("en"))));
    }

    private List<String> questions() {
        return got(faq.list(desk.scope, new Page.Request(50, Optional.empty()))).items().stream()
                .map(FaqEntry::question)
                .toList();
    }

    private void finds(String text) {
        await().atMost(Duration.ofSeconds(20)).until(() -> found(text));
    }

    private Rejection refusal(java.util.concurrent.CompletionStage<? extends Outcome<?>> stage) {
        return ((Outcome.Refused<?>) stage.toCompletableFuture().join()).rejection();
    }

    private static byte[] csv(String... lines) {
        return String.join("\r\n", lines).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void anEntryIsFoundByQuestionAndAnswerAndFollowsItsChanges() {
        FaqEntry one = entry("When are refunds paid?", "Within 14 days.");
        finds("# When are refunds paid?\n\nWithin 14 days.");

        got(faq.change(
                desk.scope,
                one.id(),
                e -> new FaqDraft(e.question(), "Within 30 days.", e.metadata(), e.language()),
                Optional.empty()));
        finds("Within 30 days.");
        assertThat(found("Within 14 days.")).isFalse();

        got(faq.remove(desk.scope, one.id()));
        await().atMost(Duration.ofSeconds(20)).until(() -> desk.texts().isEmpty());
    }

    @Test
    void entriesKeepTheOrderTheyAreGiven() {
        FaqEntry a = entry("A?", "a");
        FaqEntry b = entry("B?", "b");
        FaqEntry c = entry("C?", "c");
        got(faq.change(desk.scope, c.id(), FaqTest::asItIs, Optional.of("")));
        assertThat(questions()).containsExactly("C?", "A?", "B?");
        for (int i = 0; i < 30; i++) {
            // Between the same two again and again: the room runs out and is made anew.
            got(faq.change(desk.scope, i % 2 == 0 ? a.id() : b.id(), FaqTest::asItIs, Optional.of(c.id())));
        }
        assertThat(questions()).containsExactly("C?", "B?", "A?");
        assertThat(refusal(faq.change(desk.scope, a.id(), FaqTest::asItIs, Optional.of("nobody"))))
                .isInstanceOf(Rejection.Invalid.class);
    }

    private static FaqDraft asItIs(FaqEntry e) {
        return new FaqDraft(e.question(), e.answer(), e.metadata(), e.language());
    }

    @Test
    void aFileIsImportedWholeOrNotAtAll() {
        entry("When are refunds paid?", "Within 14 days.");
        Rejection reason = refusal(faq.take(
                desk.scope,
                csv(
                        "question,answer,language,metadata",
                        "Where are you?,In Oslo.,en,",
                        ",no question,en,",
                        "No answer?,,en,",
                        "Odd?,yes,not a language,",
                        "Odd too?,yes,en,{broken",
                        "Where are YOU,twice,en,")));
        assertThat(((Rejection.Invalid) reason).errors())
                .extracting(Rejection.FieldError::pointer)
                .containsExactly("/lines/3/question", "/lines/4/answer", "/lines/5/language", "/lines/6/metadata");
        assertThat(questions()).containsExactly("When are refunds paid?");

        assertThat(((Rejection.Invalid) refusal(faq.take(
                                desk.scope, csv("question,answer", "Where are you?,In Oslo.", "Where are YOU,twice"))))
                        .errors())
                .extracting(Rejection.FieldError::detail)
                .containsExactly("is the question of line 2");
        assertThat(questions()).hasSize(1);

        assertThat(got(faq.take(
                        desk.scope,
                        csv(
                                "Answer,Question",
                                "\"In Oslo,\r\n\"\"Norway\"\".\",Where are you?",
                                "Within 30 days.,when are refunds paid"))))
                .isEqualTo(new Faq.Imported(1, 1, 0));
        finds("In Oslo,\r\n\"Norway\".");
        finds("Within 30 days.");
    }

    @Test
    void whatIsNoCsvIsRefusedWithTheReason() {
        for (byte[] bytes :
                List.of(csv("title,text", "a,b"), csv(""), csv("question,answer", "\"never closed,b"), new byte[] {
                    (byte) 0xFF, 1
                })) {
            assertThat(((Rejection.Invalid) refusal(faq.take(desk.scope, bytes))).errors())
                    .isNotEmpty();
        }
        StringBuilder many = new StringBuilder("question,answer\n");
        for (int i = 0; i < 11; i++) {
            many.append("question ").append(i).append(",yes\n");
        }
        assertThat(refusal(faq.take(desk.scope, many.toString().getBytes(StandardCharsets.UTF_8))))
                .isInstanceOf(Rejection.Conflict.class);
        assertThat(questions()).isEmpty();
    }

    @Test
    void whatIsExportedIsImportedAgainAsItWas() throws Exception {
        entry("=SUM(A1)?", "+1, \"quoted\"\nand a second line");
        entry("Plain?", "plain");
        String text = got(faq.give(desk.scope))
                .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), desk.system)
                .toCompletableFuture()
                .get()
                .utf8String();
        assertThat(text).contains("\"'=SUM(A1)?\"").contains("\"'+1, ");
        assertThat(got(faq.take(desk.scope, text.getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(new Faq.Imported(0, 0, 2));
    }

    @Test
    void aQuestionAskedWordForWordIsAnsweredAtOnceWhereThatIsWanted() {
        entry("When are refunds paid?", "Within 14 days.");
        finds("Within 14 days.");
        assertThat(faq.exact(desk.scope, "When are refunds paid?")
                        .toCompletableFuture()
                        .join())
                .isEmpty();

        got(faq.configure(desk.scope, new Faq.Config(true)));
        assertThat(got(faq.config(desk.scope)).answerExactly()).isTrue();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> faq.exact(desk.scope, "  when are REFUNDS paid ")
                        .toCompletableFuture()
                        .join()
                        .filter(e -> e.answer().equals("Within 14 days."))
                        .isPresent());
        assertThat(faq.exact(desk.scope, "When are refunds made?")
                        .toCompletableFuture()
                        .join())
                .isEmpty();
    }

    @Test
    void anotherTenantsListIsNotThere() {
        FaqEntry one = entry("When?", "Now.");
        io.kvasir.kernel.Scope other =
                new io.kvasir.kernel.Scope(new io.kvasir.kernel.TenantId("other"), desk.scope.knowledgeBase());
        assertThat(refusal(faq.one(other, one.id()))).isInstanceOf(Rejection.NotFound.class);
        assertThat(refusal(faq.remove(other, one.id()))).isInstanceOf(Rejection.NotFound.class);
        assertThat(refusal(faq.give(other))).isInstanceOf(Rejection.NotFound.class);
        assertThat(faq.exact(other, "When?").toCompletableFuture().join()).isEmpty();
    }

    @Test
    void aTooLargeOrEmptyEntryIsRefused() {
        assertThat(new FaqDraft("?", "a", Optional.empty(), Optional.empty()).errors(""))
                .isNotEmpty();
        assertThat(new FaqDraft("q".repeat(2_001), "a", Optional.empty(), Optional.empty()).errors(""))
                .isNotEmpty();
        assertThat(new FaqDraft("q", " ", Optional.empty(), Optional.empty()).errors(""))
                .isNotEmpty();
        assertThat(new FaqDraft("q", "a", Optional.empty(), Optional.empty()).errors(""))
                .isEmpty();
    }
}
