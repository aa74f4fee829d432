package io.kvasir.bootstrap;

import io.kvasir.http.Problems;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.qdrant.QdrantPassageIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The passage indexes of either kind, one for the vectors of each model: folders in the data directory, or collections on a
 * Qdrant server. One that is not there yet is made when it is asked for first.
 */
final class OpenIndexes implements AutoCloseable {
    /** Where the first model's index has always been. */
    static final String FIRST = "index";
    /** A folder for each further model's. */
    static final String FURTHER = "spaces";

    private static final Scope NOWHERE = new Scope(new TenantId("health"), new KnowledgeBaseId("health"));

    private final Map<VectorSpace, MovableIndex> open = new ConcurrentHashMap<>();
    private final VectorSpace first;
    private final Function<VectorSpace, MovableIndex> opening;
    private final Optional<Files> files;
    private final AtomicInteger holding = new AtomicInteger();

    private OpenIndexes(
            VectorSpace first, MovableIndex index, Function<VectorSpace, MovableIndex> opening, Optional<Path> folder) {
        this.first = first;
        this.opening = opening;
        this.open.put(first, index);
        this.files = folder.map(InFolder::new);
    }

    /** Hands over the files of embedded indexes. */
    @FunctionalInterface
    interface Files {
        /** Each under its path in the data directory. */
        void copy(LucenePassageIndex.Copy copy) throws IOException;

        /** Whether the vectors of models that are no longer in service have to stay for now. */
        default void hold(boolean held) {}
    }

    /**
     * @param preferred the model of new knowledge bases
     * @param alone no model of knowledge bases without one of their own is recorded yet: it is the one that is found, or the
     *     preferred one, which must not be another then
     * @throws IOException where an index can't be used
     */
    static OpenIndexes open(IndexSettings.Kind kind, Settings settings, VectorSpace preferred, boolean alone)
            throws IOException {
        return switch (kind) {
            case LUCENE -> lucene(settings.dataDir(), preferred);
            case QDRANT ->
                new OpenIndexes(
                        preferred,
                        alone
                                ? QdrantPassageIndex.open(settings.index().qdrant(), preferred)
                                : QdrantPassageIndex.openBeside(settings.index().qdrant(), preferred),
                        space -> QdrantPassageIndex.beside(settings.index().qdrant(), space),
                        Optional.empty());
        };
    }

    private static OpenIndexes lucene(Path dataDir, VectorSpace preferred) throws IOException {
        Path folder = dataDir.resolve(FIRST);
        LucenePassageIndex index = LucenePassageIndex.open(folder);
        try {
            if (index.builtWith().isEmpty()) {
                index.builtWith(preferred);
            }
            OpenIndexes indexes = new OpenIndexes(
                    index.builtWith().orElseThrow(), index, space -> further(dataDir, space), Optional.of(dataDir));
            indexes.openFurther(dataDir.resolve(FURTHER));
            return indexes;
        } catch (IOException | RuntimeException e) {
            index.close();
            throw e;
        }
    }

    private void openFurther(Path folder) throws IOException {
        if (!java.nio.file.Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> all = java.nio.file.Files.list(folder)) {
            for (Path each : all.sorted().toList()) {
                LucenePassageIndex index = LucenePassageIndex.open(each);
                Optional<VectorSpace> space = index.builtWith();
                if (space.isPresent() && open.putIfAbsent(space.get(), index) == null) {
                    continue;
                }
                // Made by a server that was killed before it said for what: nothing is in it.
                index.close();
            }
        } catch (IOException | RuntimeException e) {
            open.values().forEach(MovableIndex::close);
            throw e;
        }
    }

    private static LucenePassageIndex further(Path dataDir, VectorSpace space) {
        try {
            LucenePassageIndex index =
                    LucenePassageIndex.open(dataDir.resolve(FURTHER).resolve(folder(space)));
            try {
                index.builtWith(space);
                return index;
            } catch (IOException | RuntimeException e) {
                index.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names that differ in other characters only are told apart by their hash. */
    private static String folder(VectorSpace space) {
        return space.model().replaceAll("[^A-Za-z0-9_-]", "_") + "-" + space.dimensions() + "-"
                + Integer.toHexString(space.model().hashCode());
    }

    /** What knowledge bases without a model of their own were embedded with, where nothing is recorded. */
    VectorSpace first() {
        return first;
    }

    MovableIndex in(VectorSpace space) {
        return open.computeIfAbsent(space, opening);
    }

    Collection<MovableIndex> all() {
        return List.copyOf(open.values());
    }

    /** The embedded ones. */
    List<LucenePassageIndex> embedded() {
        return open.values().stream()
                .filter(LucenePassageIndex.class::isInstance)
                .map(LucenePassageIndex.class::cast)
                .toList();
    }

    /** Of which models there are passages, or may be. */
    CompletionStage<Set<VectorSpace>> spaces() {
        return open.get(first) instanceof QdrantPassageIndex qdrant
                ? qdrant.spaces()
                : CompletableFuture.completedFuture(Set.copyOf(open.keySet()));
    }

    /** Completes where the indexes are well. */
    CompletionStage<?> health() {
        if (open.get(first) instanceof QdrantPassageIndex qdrant) {
            return qdrant.health();
        }
        CompletionStage<Long> all = CompletableFuture.completedFuture(0L);
        for (MovableIndex each : all()) {
            all = all.thenCompose(_ -> each.count(NOWHERE, 0));
        }
        return all;
    }

    /** Of the embedded indexes; empty on a server of its own. */
    Optional<Files> files() {
        return files;
    }

    /** Erases what is not in service any more; unavailable while a copy is made that may still know it as in service. */
    CompletionStage<Void> retire(VectorSpace space, Scope scope) {
        return holding.get() > 0
                ? CompletableFuture.failedFuture(
                        new Problems.Unavailable("A backup is being made", Duration.ofSeconds(2)))
                : in(space).erase(scope);
    }

    private final class InFolder implements Files {
        private final Path dataDir;

        InFolder(Path dataDir) {
            this.dataDir = dataDir;
        }

        @Override
        public void copy(LucenePassageIndex.Copy copy) throws IOException {
            for (Map.Entry<VectorSpace, MovableIndex> each : open.entrySet()) {
                if (each.getValue() instanceof LucenePassageIndex lucene) {
                    Path folder = each.getKey().equals(first)
                            ? dataDir.resolve(FIRST)
                            : dataDir.resolve(FURTHER).resolve(folder(each.getKey()));
                    String path = dataDir.relativize(folder).toString().replace('\\', '/');
                    lucene.copy((name, bytes) -> copy.file(path + "/" + name, bytes));
                }
            }
        }

        @Override
        public void hold(boolean held) {
            holding.addAndGet(held ? 1 : -1);
        }
    }

    @Override
    public void close() {
        open.values().forEach(MovableIndex::close);
    }
}
