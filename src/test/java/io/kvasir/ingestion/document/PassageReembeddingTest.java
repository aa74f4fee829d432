package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.ingestion.Reembedding.Result;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.llm.ChatFailure;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.MovableIndex.Kept;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.Spaces;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real indexes, and a model that can be held and broken. */
class PassageReembeddingTest {
    private static final VectorSpace OLD = new VectorSpace("old", 384);
    private static final VectorSpace NEW = new VectorSpace("new", 3);

    @TempDir
    Path folder;

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final SourceVersion source = new SourceVersion(SourceId.next(), 1);
    private final SourceVersion next = new SourceVersion(source.source(), 2);
    private final Model model = new Model();
    private MovableIndex from;
    private MovableIndex to;
    private Spaces spaces;
    private PassageReembedding reembedding;

    @BeforeEach
    void open() throws IOException {
        from = LucenePassageIndex.open(folder.resolve("from"));
        to = LucenePassageIndex.open(folder.resolve("to"));
        spaces = new Spaces(new Embedders(List.of(model), "new"), space -> space.equals(NEW) ? to : from, OLD);
        reembedding = new PassageReembedding(spaces, 1);
    }

    @AfterEach
    void close() {
        model.gate.complete(null);
        reembedding.close();
        from.close();
        to.close();
    }

    /** Three numbers that tell the text; each text asked for is remembered. */
    private static final class Model implements Embedder {
        final List<String> asked = new CopyOnWriteArrayList<>();
        volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);
        /** How many texts are embedded before it breaks. */
        volatile int breaksAfter = Integer.MAX_VALUE;

        static float[] vector(String text) {
            double angle = text.hashCode();
            return new float[] {(float) Math.sin(angle), (float) Math.cos(angle), 0};
        }

        @Override
        public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
            if (asked.size() + texts.size() > breaksAfter) {
                return CompletableFuture.failedFuture(
                        new ChatFailure(ChatFailure.Kind.UNAVAILABLE, "The provider is away"));
            }
            asked.addAll(texts);
            return gate.thenApply(_ -> texts.stream().map(Model::vector).toList());
        }

        @Override
        public CompletionStage<float[]> embedQuery(String question) {
            return CompletableFuture.completedFuture(vector(question));
        }

        @Override
        public String model() {
            return "new";
        }

        @Override
        public int dimensions() {
            return 3;
        }

        @Override
        public int maxTokens() {
            return 500;
        }

        @Override
        public int countTokens(String text) {
            return text.length() / 4;
        }

        @Override
        public double fluency(String text) {
            return 1;
        }

        @Override
        public int parallelism() {
            return 10;
        }

        @Override
        public void close() {}
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    }

    private List<EmbeddedPassage> passages(SourceVersion of, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> PassageIndexContract.passage(scope, of, i, "en", "text " + i + " of " + of.version()))
                .toList();
    }

    private Reembedding.Run start() {
        return reembedding.start(new Reembedding.Task(scope, OLD, NEW, false), _ -> {});
    }

    private Result pass() {
        return join(start().result());
    }

    private Map<PassageId, Kept> all(MovableIndex index) {
        return join(index.kept(scope, Optional.empty(), 1_000)).stream()
                .collect(Collectors.toMap(k -> k.embedded().passage().id(), k -> k));
    }

    /** The same passages with the same revisions, each with the vector of its text under title and headings. */
    private void assertSame() {
        Map<PassageId, Kept> here = all(from);
        Map<PassageId, Kept> there = all(to);
        assertThat(there.keySet()).isEqualTo(here.keySet());
        here.forEach((id, kept) -> {
            Kept other = there.get(id);
            assertThat(other.embedded().passage()).isEqualTo(kept.embedded().passage());
            assertThat(other.from()).isEqualTo(kept.from());
            assertThat(other.to()).isEqualTo(kept.to());
            assertThat(other.embedded().vector())
                    .isEqualTo(Model.vector("A title\nChapter\nSection\n"
                            + kept.embedded().passage().text()));
        });
    }

    @Test
    void carriesWhatIsSeenWhatWasAndWhatWaits() {
        join(from.stage(scope, passages(source, 250)));
        join(from.publish(scope, 1, Set.of(source), Set.of()));
        join(from.stage(scope, passages(next, 3)));
        join(from.publish(scope, 2, Set.of(next), Set.of(source)));
        join(from.stage(scope, passages(new SourceVersion(source.source(), 3), 2)));

        assertThat(pass()).isEqualTo(new Result.Carried(255, 255));

        assertSame();
        assertThat(join(to.count(scope, 1))).isEqualTo(250);
        assertThat(join(to.count(scope, 2))).isEqualTo(3);
        assertThat(model.asked).doesNotHaveDuplicates().hasSize(255);
    }

    @Test
    void aSecondPassEmbedsOnlyWhatIsNewAndFollowsTheRest() {
        join(from.stage(scope, passages(source, 20)));
        join(from.publish(scope, 1, Set.of(source), Set.of()));
        pass();
        model.asked.clear();
        join(from.stage(scope, passages(next, 2)));
        join(from.publish(scope, 2, Set.of(next), Set.of(source)));

        assertThat(pass()).isEqualTo(new Result.Carried(22, 2));
        assertSame();
        assertThat(model.asked).hasSize(2);

        join(from.purge(scope, 2));
        assertThat(pass()).isEqualTo(new Result.Carried(2, 0));
        assertSame();
    }

    @Test
    void aPassageOfTheSameNameWithAnotherTextIsEmbeddedAnew() {
        join(from.stage(scope, passages(source, 2)));
        pass();
        join(from.stage(scope, List.of(PassageIndexContract.passage(scope, source, 1, "en", "cut otherwise"))));

        assertThat(pass()).isEqualTo(new Result.Carried(2, 1));
        assertSame();
    }

    @Test
    void whatBreaksOffGoesOnWhereItWas() {
        join(from.stage(scope, passages(source, 35)));
        model.breaksAfter = 25;

        assertThat(pass()).isEqualTo(new Result.Failed("The provider is away"));
        assertThat(all(to)).hasSize(20);
        model.breaksAfter = Integer.MAX_VALUE;

        assertThat(pass()).isEqualTo(new Result.Carried(35, 15));
        assertThat(model.asked).as("each once").doesNotHaveDuplicates().hasSize(35);
        assertSame();
    }

    @Test
    void stopsSoonAndLetsTheNextIn() {
        join(from.stage(scope, passages(source, 5)));
        model.gate = new CompletableFuture<>();
        Reembedding.Run held = start();
        await().until(() -> model.asked.size() == 5);
        Reembedding.Run waiting = start();

        waiting.cancel();
        assertThat(join(waiting.result())).isEqualTo(new Result.Cancelled());
        held.cancel();
        assertThat(join(held.result())).isEqualTo(new Result.Cancelled());
        model.gate.complete(null);

        assertThat(pass()).isInstanceOf(Result.Carried.class);
    }

    @Test
    void anUrgentPassWaitsForNoOther() {
        join(from.stage(scope, passages(source, 1)));
        model.gate = new CompletableFuture<>();
        start();
        await().until(() -> model.asked.size() == 1);
        Scope other = new Scope(scope.tenant(), KnowledgeBaseId.next());

        assertThat(join(reembedding
                        .start(new Reembedding.Task(other, OLD, NEW, true), _ -> {})
                        .result()))
                .isEqualTo(new Result.Carried(0, 0));
    }

    @Test
    void aModelThatIsNotConfiguredIsSaid() {
        Result result = join(reembedding
                .start(new Reembedding.Task(scope, OLD, new VectorSpace("new", 4), false), _ -> {})
                .result());

        assertThat(result)
                .isEqualTo(new Result.Failed("The embedding model new (4 dimensions) of this knowledge base is not"
                        + " configured on this server"));
    }

    /** Whose knowledge base changes its model in the middle is read again, and leaves nothing where it was. */
    @Test
    void aDocumentIsStagedWhereItsKnowledgeBaseIsInTheEnd() throws IOException {
        ActorSystem system = ActorSystem.create("reembedding", com.typesafe.config.ConfigFactory.load("reference"));
        MemoryBlobs blobs = new MemoryBlobs(Materializer.matFromSystem(system));
        BlobId original = new BlobId("original");
        byte[] text = "# Refunds\n\nRefunds are paid within 14 days.".getBytes(StandardCharsets.UTF_8);
        blobs.put(scope, original, text);
        WordEmbedder words = new WordEmbedder();
        words.gate = new CompletableFuture<>();
        MemoryIndex old = new MemoryIndex();
        CompletableFuture<Boolean> changed = new CompletableFuture<>();
        Spaces.Space before = new Spaces.Space(OLD, Optional.of(words), old);
        try (DocumentIngestion ingestion = DocumentIngestion.open(
                new IngestionSettings(
                        folder.resolve("work"), 1, 1, 1_000_000, Duration.ofSeconds(20), "256m", 1_000, 5),
                blobs,
                _ -> CompletableFuture.completedFuture(Optional.of(changed.isDone() ? spaces.in(NEW) : before)))) {
            Ingestion.Run run = ingestion.start(
                    new Ingestion.Task(
                            scope,
                            source,
                            original,
                            text.length,
                            new BlobId("text"),
                            "t/source/1",
                            "refunds.md",
                            Optional.empty(),
                            Optional.empty(),
                            Desk.SETTINGS),
                    _ -> {});
            await().until(() -> words.embedded.get() > 0);
            changed.complete(true);
            words.gate.complete(null);

            assertThat(join(run.result())).isInstanceOf(Ingestion.Result.Staged.class);
            assertThat(old.staged(source)).isEmpty();
            assertThat(all(to).values())
                    .singleElement()
                    .satisfies(kept -> assertThat(kept.from()).isEmpty());
        } finally {
            TestKit.shutdownActorSystem(system);
        }
    }
}
