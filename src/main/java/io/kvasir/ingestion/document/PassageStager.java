package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion.Task;
import io.kvasir.ingestion.document.Cancellation.Cancelled;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Chunks in, staged passages out: as many embeddings in flight as the embedder can use, and one batch on its way into the
 * index while the next is embedded. Whoever feeds it waits where either is slower.
 */
final class PassageStager {
    private static final int BATCH = 64;
    private static final int LONGEST_TITLE = 300;

    private final Task task;
    private final Embedder embedder;
    private final PassageInput input;
    private final PassageIndex index;
    private final WhileAway whileAway;
    private final Cancellation cancellation;
    private final Consumer<CompletionStage<Void>> afloat;
    private final News news;
    private final Deque<InFlight> flight = new ArrayDeque<>();
    private final Map<String, Integer> languages = new LinkedHashMap<>();
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

    /** @param afloat is told of every batch on its way into the index */
    PassageStager(
            Task task,
            Embedder embedder,
            PassageIndex index,
            WhileAway whileAway,
            Cancellation cancellation,
            Consumer<CompletionStage<Void>> afloat,
            News news) {
        this.task = task;
        this.embedder = embedder;
        this.input = new PassageInput(embedder);
        this.index = index;
        this.whileAway = whileAway;
        this.cancellation = cancellation;
        this.afloat = afloat;
        this.news = news;
    }

    /** The document's own title. */
    void title(String text) {
        title = Optional.of(Cut.to(text, LONGEST_TITLE));
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

    void take(Chunk chunk) throws Cancelled {
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
                passage,
                embedder.embedPassages(List.of(input.of(passage, chunk.tokens())))
                        .toCompletableFuture()));
        while (flight.size() > embedder.parallelism()) {
            land();
        }
    }

    /** Waits for everything. @param chunks how many there were */
    void finish(int chunks) throws Cancelled {
        total = Optional.of(chunks);
        while (!flight.isEmpty()) {
            land();
        }
        stage();
        cancellation.await(staging);
    }

    int staged() {
        return done;
    }

    /** That of most passages; of the first to have it where there are as many of another. */
    String language() {
        String best = "und";
        int most = 0;
        for (Map.Entry<String, Integer> language : languages.entrySet()) {
            if (language.getValue() > most) {
                most = language.getValue();
                best = language.getKey();
            }
        }
        return best;
    }

    private void land() throws Cancelled {
        InFlight first = flight.removeFirst();
        batch.add(new EmbeddedPassage(
                first.passage(), cancellation.await(first.vector()).getFirst()));
        done++;
        news.embedded(done, total);
        if (batch.size() >= BATCH) {
            stage();
        }
    }

    private void stage() throws Cancelled {
        cancellation.await(staging);
        if (!batch.isEmpty()) {
            List<EmbeddedPassage> full = batch;
            staging = whileAway.repeated(() -> index.stage(task.scope(), full));
            afloat.accept(staging);
            batch = new ArrayList<>();
        }
    }
}
