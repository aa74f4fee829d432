package io.kvasir.retrieval.lucene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LucenePassageIndexTest extends PassageIndexContract {
    @TempDir
    Path folder;

    private LucenePassageIndex index;

    @BeforeEach
    void open() throws IOException {
        index = LucenePassageIndex.open(folder.resolve("index"));
    }

    @AfterEach
    void close() {
        index.close();
    }

    @Override
    protected MovableIndex index() {
        return index;
    }

    @Override
    protected MovableIndex beside() throws IOException {
        return LucenePassageIndex.open(folder.resolve("beside"));
    }

    @Override
    protected PassageIndex afterAKill() throws IOException {
        Path copy = folder.resolve("copy");
        Files.createDirectories(copy);
        try (var files = Files.list(folder.resolve("index"))) {
            for (Path file : files.filter(f -> !f.endsWith("write.lock")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return LucenePassageIndex.open(copy);
    }

    @Test
    void isThereAgainAfterAnOrderlyStop() throws IOException {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        join(index.stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));
        join(index.publish(scope, 1, Set.of(source), Set.of()));
        index.close();
        open();

        assertThat(join(index.count(scope, 1))).isEqualTo(1);
    }

    @Test
    void vectorsOfAnotherModelAreRefused() throws IOException {
        index.builtWith(new VectorSpace("bge", DIMENSIONS));
        index.builtWith(new VectorSpace("bge", DIMENSIONS));
        index.close();
        open();

        assertThatThrownBy(() -> index.builtWith(new VectorSpace("minilm", DIMENSIONS)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("bge (384 dimensions)")
                .hasMessageContaining("minilm (384 dimensions)");
        index.builtWith(new VectorSpace("bge", DIMENSIONS));
    }

    @Test
    void anIndexFromBeforeModelsWereRecordedIsTakenOver() throws IOException {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        join(index.stage(scope, List.of(passage(scope, new SourceVersion(SourceId.next(), 1), 0, "en", "alpha"))));

        assertThatThrownBy(() -> index.builtWith(new VectorSpace("bge", 768))).isInstanceOf(IOException.class);
        index.builtWith(new VectorSpace("bge", DIMENSIONS));

        assertThatThrownBy(() -> index.builtWith(new VectorSpace("minilm", DIMENSIONS)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void whatIsAskedMayStandAroundALongText() {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        join(index.stage(scope, passages(scope, source, 0, 3, "alpha")));
        join(index.publish(scope, 1, Set.of(source), Set.of()));
        String pasted = IntStream.range(1_000, 15_000).mapToObj(i -> " w" + i).collect(Collectors.joining());

        for (String question : List.of("alpha?" + pasted, pasted + " and alpha?")) {
            assertThat(join(index.search(
                                    scope, 1, new PassageIndex.Query(question, new float[0], SearchMode.KEYWORD, 10)))
                            .keyword())
                    .hasSize(3);
        }
    }

    @Test
    void twoProcessesDoNotShareAFolder() {
        assertThatThrownBy(() -> LucenePassageIndex.open(folder.resolve("index")))
                .isInstanceOf(IOException.class);
    }

    /** A disk that can be full. */
    private static final class FullDisk extends FilterDirectory {
        private final AtomicBoolean full;

        FullDisk(AtomicBoolean full) {
            super(new ByteBuffersDirectory());
            this.full = full;
        }

        @Override
        public IndexOutput createOutput(String name, IOContext context) throws IOException {
            if (full.get()) {
                throw new IOException("No space left on device");
            }
            return super.createOutput(name, context);
        }
    }

    @Test
    void afterAFullDiskItGoesOnFromTheLastCommit() throws IOException {
        AtomicBoolean full = new AtomicBoolean();
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        try (PassageIndex small = LucenePassageIndex.on(new FullDisk(full))) {
            join(small.stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));
            join(small.publish(scope, 1, Set.of(source), Set.of()));

            full.set(true);
            assertThatThrownBy(() -> join(small.stage(scope, List.of(passage(scope, source, 1, "en", "beta")))))
                    .hasRootCauseInstanceOf(IOException.class);
            assertThat(join(small.count(scope, 1))).isEqualTo(1);

            full.set(false);
            join(small.stage(scope, List.of(passage(scope, source, 1, "en", "beta"))));
            join(small.publish(scope, 1, Set.of(source), Set.of()));
            assertThat(join(small.count(scope, 1))).isEqualTo(2);
        }
    }

    /** What another change wrote while the disk failed went with the writer: to say it is kept would be a lie. */
    @Test
    void aChangeWhoseWriterIsGoneFails() throws IOException {
        AtomicBoolean full = new AtomicBoolean();
        try (LuceneStore store = LuceneStore.open(new FullDisk(full))) {
            assertThatThrownBy(() -> store.change(writer -> {
                        writer.addDocument(List.of());
                        full.set(true);
                        assertThatThrownBy(() -> store.change(other -> other.addDocument(List.of())));
                        full.set(false);
                        store.change(again -> {});
                    }))
                    .isInstanceOf(AlreadyClosedException.class);
            assertThat(store.<Integer>search(
                            searcher -> searcher.getIndexReader().numDocs()))
                    .isZero();
        }
    }

    /** Larger than what is compared one by one or looked through each time: graph, kept sets and shares of statistics. */
    @Test
    void aLargeScopeKeepsItsRevisionsAndItsWalls() {
        Scope large = new Scope(TenantId.next(), KnowledgeBaseId.next());
        Scope other = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        SourceVersion next = new SourceVersion(source.source(), 2);
        for (int batch = 0; batch < 21; batch++) {
            join(index.stage(large, passages(large, batch == 20 ? next : source, batch * 1_000, 1_000, "alpha")));
        }
        join(index.stage(other, passages(other, source, 0, 1_500, "alpha")));
        join(index.publish(large, 1, Set.of(source), Set.of()));
        join(index.publish(other, 1, Set.of(source), Set.of()));
        PassageIndex.Query query = new PassageIndex.Query("alpha 17", vector(5), SearchMode.HYBRID, 50);

        for (int repeat = 0; repeat < 2; repeat++) {
            PassageIndex.Candidates found = join(index.search(large, 1, query));
            assertThat(found.dense())
                    .hasSize(50)
                    .allMatch(hit -> hit.passage().source().equals(source));
            assertThat(found.keyword().getFirst().passage().text()).isEqualTo("alpha 17");
            assertThat(found.dense()).allMatch(hit -> isOf(large, hit.passage()));
            assertThat(found.keyword()).allMatch(hit -> isOf(large, hit.passage()));
        }
        join(index.publish(large, 2, Set.of(next), Set.of(source)));
        assertThat(join(index.count(large, 1))).isEqualTo(20_000);
        assertThat(join(index.count(large, 2))).isEqualTo(1_000);
        assertThat(join(index.search(large, 2, query)).dense())
                .hasSize(50)
                .allMatch(hit -> hit.passage().source().equals(next));
        join(index.purge(large, 2));
        assertThat(join(index.count(large, 1))).isZero();
        assertThat(join(index.count(other, 1))).isEqualTo(1_500);
    }

    private static boolean isOf(Scope scope, io.kvasir.retrieval.Passage passage) {
        return passage.id().equals(io.kvasir.retrieval.Passage.identity(scope, passage.source(), passage.ordinal()));
    }

    private static List<EmbeddedPassage> passages(Scope scope, SourceVersion source, int first, int n, String word) {
        return IntStream.range(first, first + n)
                .mapToObj(i -> passage(scope, source, i, "en", word + " " + i))
                .toList();
    }
}
