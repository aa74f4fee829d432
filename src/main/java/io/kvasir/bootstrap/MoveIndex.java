package io.kvasir.bootstrap;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.KnowledgeBases;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.MovableIndex.Kept;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Carries the passages of all knowledge bases from one kind of index into the other as they are, without embedding them
 * again. For a stopped server. What was broken off goes on where it was at the next run, unless the server was started in
 * between; what was moved is left in the old index too.
 */
public final class MoveIndex {
    private static final int PAGE = 200;
    private static final String PROGRESS = "move-index.progress";
    private static final String DONE = "*";

    private final MovableIndex from;
    private final MovableIndex to;
    private final String direction;
    private final Path progress;
    private final Consumer<String> news;

    MoveIndex(MovableIndex from, MovableIndex to, String direction, Path dataDir, Consumer<String> news) {
        this.from = from;
        this.to = to;
        this.direction = direction;
        this.progress = dataDir.resolve(PROGRESS);
        this.news = news;
    }

    /**
     * @param news a line for each knowledge base
     * @throws IOException where a part is away or the counts differ afterwards: run it again
     * @throws IllegalArgumentException where the kinds are not two different ones
     */
    public static void run(Settings settings, String from, String to, Consumer<String> news) throws IOException {
        IndexSettings.Kind source = IndexSettings.Kind.of(from);
        IndexSettings.Kind target = IndexSettings.Kind.of(to);
        if (source == target) {
            throw new IllegalArgumentException("the passages are to be moved to another kind of index");
        }
        Files.createDirectories(settings.dataDir());
        try (Database database = Database.open(settings.database());
                Transactor transactor = new Transactor(database.dataSource(), 1);
                Embedder embedder = OnnxEmbedder.load(1)) {
            VectorSpace preferred = settings.embedding().space(() -> embedder);
            boolean alone = join(UnpinnedSpace.find(transactor)).isEmpty();
            try (OpenIndexes old = OpenIndexes.open(source, settings, preferred, alone)) {
                join(UnpinnedSpace.record(transactor, old.first()));
                try (OpenIndexes next = OpenIndexes.open(target, settings, preferred, false)) {
                    join(old.health());
                    join(next.health());
                    List<Scope> scopes = join(KnowledgeBases.all(transactor));
                    for (VectorSpace space : join(old.spaces()).stream()
                            .sorted(Comparator.comparing(VectorSpace::toString))
                            .toList()) {
                        news.accept(space + ":");
                        new MoveIndex(
                                        old.in(space),
                                        next.in(space),
                                        source + " to " + target + ", " + space,
                                        settings.dataDir(),
                                        news)
                                .moveAll(scopes);
                    }
                }
            }
        }
    }

    /** What was noted of a move that was broken off is of no use once the passages may have changed. */
    static void forget(Path dataDir) throws IOException {
        Files.deleteIfExists(dataDir.resolve(PROGRESS));
    }

    void moveAll(List<Scope> scopes) throws IOException {
        Map<String, String> noted = noted();
        long passages = 0;
        for (Scope scope : scopes) {
            long moved = move(scope, Optional.ofNullable(noted.get(scope.key())));
            news.accept(scope.key() + ": " + moved + " passages");
            passages += moved;
        }
        Files.deleteIfExists(progress);
        news.accept(passages + " passages of " + scopes.size() + " knowledge bases moved from " + direction);
    }

    private long move(Scope scope, Optional<String> noted) throws IOException {
        if (noted.isEmpty()) {
            // What an earlier life of this index left of the knowledge base is older than what comes.
            join(to.erase(scope));
        }
        if (noted.filter(DONE::equals).isEmpty()) {
            Optional<PassageId> after = noted.map(PassageId::new);
            while (true) {
                List<Kept> page = join(from.kept(scope, after, PAGE));
                if (page.isEmpty()) {
                    break;
                }
                join(to.restore(scope, page));
                PassageId last = page.getLast().embedded().passage().id();
                note(scope, last.value());
                after = Optional.of(last);
            }
        }
        long there = join(from.size(scope));
        long here = join(to.size(scope));
        if (there != here) {
            Files.deleteIfExists(progress);
            throw new IOException(
                    "The knowledge base " + scope.key() + " has " + there + " passages in the old index, but " + here
                            + " arrived: is a server running? Stop it and run this again, from the beginning");
        }
        note(scope, DONE);
        return here;
    }

    private void note(Scope scope, String last) throws IOException {
        Files.writeString(
                progress,
                direction + "\t" + scope.key() + "\t" + last + "\n",
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    /** The last passage that was moved, by scope. A line cut off by a kill counts for nothing. */
    private Map<String, String> noted() throws IOException {
        Map<String, String> noted = new HashMap<>();
        if (Files.exists(progress)) {
            String all = Files.readString(progress);
            for (String line : all.substring(0, all.lastIndexOf('\n') + 1).split("\n")) {
                String[] cells = line.split("\t");
                if (cells.length == 3 && cells[0].equals(direction)) {
                    noted.put(cells[1], cells[2]);
                }
            }
        }
        return noted;
    }

    private static <T> T join(CompletionStage<T> stage) throws IOException {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            throw new IOException(
                    (e.getCause() == null ? e : e.getCause()).getMessage() + ". Run this again to go on", e);
        }
    }
}
