package io.kvasir.knowledgebase;

import io.kvasir.http.Json;
import io.kvasir.http.Sse;
import io.kvasir.kernel.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** News of jobs and of the embedding as server-sent events: one question to the knowledge base in flight, however slow the reader is. */
final class JobStream {
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final Asking news;
    private final BiFunction<Scope, News, CompletionStage<List<Views.Doc>>> rendered;

    JobStream(Asking news, BiFunction<Scope, News, CompletionStage<List<Views.Doc>>> rendered) {
        this.news = news;
        this.rendered = rendered;
    }

    /** The next news after a place; empty where there was none for a while. */
    @FunctionalInterface
    interface Asking {
        CompletionStage<Optional<News>> after(Scope scope, String life, long sequence);
    }

    private record Place(String life, long sequence, boolean over) {
        String id() {
            return life + ":" + sequence;
        }
    }

    /** @param last event id to go on after; one that is unknown (another life of the entity) gives the present state of all jobs */
    Source<ByteString, NotUsed> from(Scope scope, Optional<String> last) {
        return Source.unfoldAsync(
                        place(last),
                        place -> place.over()
                                ? CompletableFuture.completedFuture(Optional.<Pair<Place, List<ByteString>>>empty())
                                : next(scope, place))
                .mapConcat(events -> events)
                .keepAlive(KEEP_ALIVE, () -> Sse.KEEP_ALIVE)
                .prepend(Source.single(Sse.RETRY));
    }

    private static Place place(Optional<String> last) {
        return last.filter(id -> id.matches("[0-9a-f]{32}:[0-9]{1,18}"))
                .map(id -> new Place(id.substring(0, 32), Long.parseLong(id.substring(33)), false))
                .orElse(new Place("", -1, false));
    }

    private CompletionStage<Optional<Pair<Place, List<ByteString>>>> next(Scope scope, Place place) {
        return news.after(scope, place.life(), place.sequence()).thenCompose(found -> {
            if (found.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.of(Pair.create(place, List.<ByteString>of())));
            }
            News piece = found.get();
            Place before = new Place(piece.life(), piece.life().equals(place.life()) ? place.sequence() : 0, false);
            Place after = new Place(piece.life(), piece.sequence(), piece.over());
            return rendered.apply(scope, piece)
                    .thenApply(docs -> Optional.of(Pair.create(after, events(before, after, docs, piece.embedding()))));
        });
    }

    /** Whoever breaks off between two events of one piece is told that piece again: only its last has the place after it. */
    private static List<ByteString> events(
            Place before, Place after, List<Views.Doc> docs, Optional<News.OfEmbedding> embedding) {
        List<Event> events = Stream.concat(
                        docs.stream().flatMap(JobStream::events),
                        embedding.stream().map(JobStream::event))
                .toList();
        List<ByteString> sent = new ArrayList<>();
        for (Event event : events) {
            Place place = sent.size() < events.size() - 1 ? before : after;
            sent.add(Sse.event(event.name(), place.id(), event.json()));
        }
        return sent;
    }

    private record Event(String name, String json) {}

    private static Stream<Event> events(Views.Doc doc) {
        String job = Json.write(doc.job());
        return switch (doc.job().status()) {
            case COMPLETED ->
                Stream.of(
                        new Event("job.completed", job),
                        new Event(
                                "source.changed", Json.write(Map.of("sourceId", doc.id(), "version", doc.version()))));
            case FAILED -> Stream.of(new Event("job.failed", job));
            case PENDING, PROCESSING, CANCELLED -> Stream.of(new Event("job.progress", job));
        };
    }

    /** What is in service, and how far it is on its way to another. */
    private record Embedding(String embeddingModel, Optional<Views.EmbeddingChange> embeddingChange) {}

    private static Event event(News.OfEmbedding news) {
        Optional<Views.EmbeddingChange> change = news.change().map(Views::change);
        String name = change.map(c -> c.error().isPresent() ? "embedding.failed" : "embedding.progress")
                .orElse("embedding.settled");
        return new Event(name, Json.write(new Embedding(news.inService().model(), change)));
    }
}
