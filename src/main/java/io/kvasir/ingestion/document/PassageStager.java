package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion.Task;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Chunks in, staged passages out: as many embeddings in flight as the embedder can use, and one batch on its way into the
 * index while the next is embedded. Whoever feeds it waits where either is slower.
 */
final class PassageStager {
    private static final int BATCH = 64;

    private final Task task;
    private final Embedder embedder;
    private final PassageIndex index;
    private final WhileAway whileAway;
    private final News news;
    private final Deque<InFlight> flight = new ArrayDeque<>();
    private final Map<String, Integer> languages = new HashMap<>();
    private List<EmbeddedPassage> batch = new ArrayList<>();
    private CompletionStage<Void> staging = CompletableFuture.completedFuture(null);
    private Optional<String> title = Optional.empty();
    private Optional<Integer> total = Optional.empty();
    private int done;

    @FunctionalInterface
    interface News {
        void embedded(int done, Optional<Integer> total);
    }

    private record InFlight(Passage passage, CompletableFuture<List<float[]>> vector) {}

    PassageStager(Task task, Embedder embedder, PassageIndex index, WhileAway whileAway, News news) {
        this.task = task;
        this.embedder = embedder;
        this.index = index;
        this.whileAway = whileAway;
        this.news = news;
    }

    /** The document's own title. */
    void title(String text) {
        title = Optional.of(text.length() > 300 ? text.substring(0, 300) : text);
    }

    /** A heading: the title, where there is none yet and no passage was written under another. */
    void heading(String text) {
        if (title.isEmpty() && done == 0 && flight.isEmpty()) {
            title(text);
        }
    }

    String title() {
        return title.orElse(task.fileName());
    }

    void take(Chunk chunk) {
        String language = Languages.of(chunk.text());
        languages.merge(language, 1, Integer::sum);
        Passage passage = new Passage(
                Passage.identity(task.scope(), task.source(), chunk.ordinal()),
                task.source(),
                chunk.ordinal(),
                title(),
                task.url(),
                chunk.text(),
                chunk.start(),
                chunk.end(),
                chunk.page(),
                chunk.headings(),
                language);
        flight.addLast(new InFlight(
                passage, embedder.embedPassages(List.of(input(passage))).toCompletableFuture()));
        while (flight.size() > embedder.parallelism()) {
            land();
        }
    }

    /** What is embedded: a passage means more under its title and headings. */
    private static String input(Passage passage) {
        StringBuilder input = new StringBuilder();
        List<String> above = new ArrayList<>(passage.headings());
        if (above.isEmpty() || !above.getFirst().equals(passage.title())) {
            above.addFirst(passage.title());
        }
        int room = 200;
        for (String line : above) {
            String cut = line.length() > room ? line.substring(0, room) : line;
            room -= cut.length();
            input.append(cut).append('\n');
        }
        return input.append(passage.text()).toString();
    }

    /** Waits for everything. @param chunks how many there were */
    void finish(int chunks) {
        total = Optional.of(chunks);
        while (!flight.isEmpty()) {
            land();
        }
        stage();
        staging.toCompletableFuture().join();
    }

    int staged() {
        return done;
    }

    /** That of most passages. */
    String language() {
        return languages.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse("und");
    }

    private void land() {
        InFlight first = flight.removeFirst();
        batch.add(new EmbeddedPassage(first.passage(), first.vector().join().getFirst()));
        done++;
        news.embedded(done, total);
        if (batch.size() >= BATCH) {
            stage();
        }
    }

    private void stage() {
        staging.toCompletableFuture().join();
        if (!batch.isEmpty()) {
            List<EmbeddedPassage> full = batch;
            staging = whileAway.repeated(() -> index.stage(task.scope(), full));
            batch = new ArrayList<>();
        }
    }
}
