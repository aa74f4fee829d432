package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.qdrant.QdrantDouble;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two real indexes and a move between them. */
class MoveIndexTest {
    private static final VectorSpace SPACE = new VectorSpace("bge-small", 384);

    @TempDir
    Path folder;

    private final Scope large = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final Scope small = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final SourceVersion source = new SourceVersion(SourceId.next(), 1);
    private final List<String> said = new ArrayList<>();
    private QdrantDouble server;
    private Settings settings;
    private OpenIndexes here;
    private OpenIndexes there;

    @BeforeEach
    void open() throws IOException {
        server = new QdrantDouble();
        settings = Settings.of(ConfigFactory.parseMap(Map.of(
                        "kvasir.data-dir",
                        folder.toString(),
                        "kvasir.index.qdrant.url",
                        server.url(),
                        "kvasir.index.qdrant.timeouts.search",
                        "20s",
                        "kvasir.index.qdrant.timeouts.write",
                        "5s"))
                .withFallback(ConfigFactory.load())
                .resolve());
        here = OpenIndexes.open(IndexSettings.Kind.LUCENE, settings, SPACE, true);
        there = OpenIndexes.open(IndexSettings.Kind.QDRANT, settings, SPACE, true);
        fill(here.in(SPACE), large, 450);
        fill(here.in(SPACE), small, 3);
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
        server.close();
    }

    private void fill(PassageIndex index, Scope scope, int passages) {
        join(index.stage(
                scope,
                IntStream.range(0, passages)
                        .mapToObj(i -> PassageIndexContract.passage(scope, source, i, "en", "alpha " + i))
                        .toList()));
        join(index.publish(scope, 1, Set.of(source), Set.of()));
        join(index.stage(
                scope,
                List.of(PassageIndexContract.passage(
                        scope, new SourceVersion(source.source(), 2), 0, "en", "waiting"))));
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private MoveIndex move(MovableIndex from, MovableIndex to) {
        return new MoveIndex(from, to, "one to other", folder, said::add);
    }

    private static PassageIndex.Candidates found(PassageIndex index, Scope scope) {
        return join(index.search(scope, 1, new PassageIndex.Query("alpha 17", new float[0], SearchMode.KEYWORD, 10)));
    }

    @Test
    void carriesEverythingThereAndBack() throws IOException {
        move(here.in(SPACE), there.in(SPACE)).moveAll(List.of(large, small));

        assertThat(join(there.in(SPACE).size(large))).isEqualTo(451);
        assertThat(join(there.in(SPACE).count(large, 1))).isEqualTo(450);
        assertThat(join(there.in(SPACE).count(small, 1))).isEqualTo(3);
        assertThat(found(there.in(SPACE), large).keyword().getFirst().passage())
                .isEqualTo(found(here.in(SPACE), large).keyword().getFirst().passage());
        assertThat(said).contains(large.key() + ": 451 passages", small.key() + ": 4 passages");

        join(here.in(SPACE).erase(large));
        join(here.in(SPACE).erase(small));
        move(there.in(SPACE), here.in(SPACE)).moveAll(List.of(large, small));

        assertThat(join(here.in(SPACE).count(large, 1))).isEqualTo(450);
        assertThat(found(here.in(SPACE), large).keyword().getFirst().passage().text())
                .isEqualTo("alpha 17");
    }

    @Test
    void whatCannotBeMovedIsSaid() {
        assertThat(command("move-index", "lucene", "magic")).isEqualTo("1 must be lucene or qdrant, not magic");
        assertThat(command("move-index", "lucene", "lucene")).startsWith("1 ").contains("another kind of index");
        assertThat(command("move-index", "lucene")).startsWith("2 ").contains("move-index FROM TO");
    }

    private String command(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int code = Commands.run(words, settings, new PrintStream(out, true, StandardCharsets.UTF_8));
        return code + " "
                + out.toString(StandardCharsets.UTF_8)
                        .replace("The passages could not be moved: kvasir.index.kind ", "")
                        .strip();
    }

    @Test
    void whatAnEarlierLifeLeftIsNotMixedIn() throws IOException {
        join(there.in(SPACE)
                .stage(
                        small,
                        List.of(PassageIndexContract.passage(
                                small, new SourceVersion(SourceId.next(), 7), 0, "en", "stale"))));

        move(here.in(SPACE), there.in(SPACE)).moveAll(List.of(small));

        assertThat(join(there.in(SPACE).size(small))).isEqualTo(4);
    }

    @Test
    void brokenOffItGoesOnWhereItWas() throws IOException {
        Breaking breaking = new Breaking(there.in(SPACE), 2);
        assertThatThrownBy(() -> move(here.in(SPACE), breaking).moveAll(List.of(small, large)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Run this again");

        Breaking second = new Breaking(there.in(SPACE), Integer.MAX_VALUE);
        move(here.in(SPACE), second).moveAll(List.of(small, large));

        assertThat(breaking.restored).isEqualTo(4 + 200);
        assertThat(second.restored).isEqualTo(251);
        assertThat(join(there.in(SPACE).size(large))).isEqualTo(451);
        assertThat(join(there.in(SPACE).size(small))).isEqualTo(4);
        assertThat(Files.exists(folder.resolve("move-index.progress"))).isFalse();
    }

    @Test
    void afterAStartOfTheServerItBeginsAnew() throws IOException {
        assertThatThrownBy(() ->
                        move(here.in(SPACE), new Breaking(there.in(SPACE), 2)).moveAll(List.of(small, large)))
                .isInstanceOf(IOException.class);
        MoveIndex.forget(folder);

        Breaking second = new Breaking(there.in(SPACE), Integer.MAX_VALUE);
        move(here.in(SPACE), second).moveAll(List.of(small, large));

        assertThat(second.restored).isEqualTo(455);
    }

    @Test
    void aLineCutOffByAKillCountsForNothing() throws IOException {
        Files.writeString(folder.resolve("move-index.progress"), "one to other\t" + small.key() + "\t");

        move(here.in(SPACE), there.in(SPACE)).moveAll(List.of(small));

        assertThat(join(there.in(SPACE).size(small))).isEqualTo(4);
    }

    @Test
    void aServerThatIsAwayIsSaid() {
        server.stop();

        assertThatThrownBy(() -> move(here.in(SPACE), there.in(SPACE)).moveAll(List.of(small)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("away")
                .hasMessageContaining("Run this again");
    }

    @Test
    void countsThatDifferAreSaid() {
        MovableIndex leaking = new Breaking(there.in(SPACE), Integer.MAX_VALUE) {
            @Override
            public CompletionStage<Long> size(Scope scope) {
                return super.size(scope).thenApply(n -> n - 1);
            }
        };

        assertThatThrownBy(() -> move(here.in(SPACE), leaking).moveAll(List.of(small)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has 4 passages in the old index, but 3 arrived");
    }

    /** Takes so many pages, and then breaks. */
    private static class Breaking implements MovableIndex {
        private final MovableIndex to;
        private int left;
        int restored;

        Breaking(MovableIndex to, int pages) {
            this.to = to;
            this.left = pages;
        }

        @Override
        public CompletionStage<Void> restore(Scope scope, List<Kept> passages) {
            if (left-- == 0) {
                return CompletableFuture.failedFuture(new IOException("broken"));
            }
            restored += passages.size();
            return to.restore(scope, passages);
        }

        @Override
        public CompletionStage<List<Kept>> kept(Scope scope, Optional<PassageId> after, int limit) {
            return to.kept(scope, after, limit);
        }

        @Override
        public CompletionStage<Map<PassageId, Kept>> kept(Scope scope, Set<PassageId> ids) {
            return to.kept(scope, ids);
        }

        @Override
        public CompletionStage<Void> remove(Scope scope, Set<PassageId> ids) {
            return to.remove(scope, ids);
        }

        @Override
        public CompletionStage<Long> size(Scope scope) {
            return to.size(scope);
        }

        @Override
        public CompletionStage<Void> stage(Scope scope, List<EmbeddedPassage> passages) {
            return to.stage(scope, passages);
        }

        @Override
        public CompletionStage<Void> publish(
                Scope scope, long revision, Set<SourceVersion> added, Set<SourceVersion> removed) {
            return to.publish(scope, revision, added, removed);
        }

        @Override
        public CompletionStage<Void> discard(Scope scope, SourceVersion source) {
            return to.discard(scope, source);
        }

        @Override
        public CompletionStage<Void> purge(Scope scope, long oldestKept) {
            return to.purge(scope, oldestKept);
        }

        @Override
        public CompletionStage<Void> erase(Scope scope) {
            return to.erase(scope);
        }

        @Override
        public CompletionStage<Candidates> search(Scope scope, long revision, Query query) {
            return to.search(scope, revision, query);
        }

        @Override
        public CompletionStage<Map<PassageId, Passage>> passages(Scope scope, Set<PassageId> ids) {
            return to.passages(scope, ids);
        }

        @Override
        public CompletionStage<Long> count(Scope scope, long revision) {
            return to.count(scope, revision);
        }

        @Override
        public void close() {}
    }
}
