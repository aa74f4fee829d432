package io.kvasir.knowledgebase;

import io.kvasir.http.Json;
import io.kvasir.http.Sse;
import io.kvasir.kernel.Scope;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** News of jobs and of the embedding as server-sent events: one question to the knowledge base in flight, however slow the reader is. */
final class JobStream {
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final KnowledgeBases knowledgeBases;

    JobStream(KnowledgeBases knowledgeBases) {
        this.knowledgeBases = knowledgeBases;
    }

    private record Place(String life, long sequence, boolean over) {}

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
        return knowledgeBases.news(scope, place.life(), place.sequence()).thenCompose(news -> {
            if (news.isEmpty()) {
                return CompletableFuture.completedFuture(Optional.of(Pair.create(place, List.<ByteString>of())));
            }
            Place after = new Place(
                    news.get().life(), news.get().sequence(), news.get().over());
            String id = after.life() + ":" + after.sequence();
            return knowledgeBases
                    .rendered(scope, news.get())
                    .thenApply(docs -> Optional.of(Pair.create(
                            after,
                            Stream.concat(
                                            docs.stream().map(doc -> event(id, doc)),
                                            news.get().embedding().stream().map(e -> event(id, e)))
                                    .toList())));
        });
    }

    private static ByteString event(String id, Views.Doc doc) {
        return switch (doc.job().status()) {
            case COMPLETED ->
                Sse.event("job.completed", id, Json.write(doc.job())).concat(changed(id, doc));
            case FAILED -> Sse.event("job.failed", id, Json.write(doc.job()));
            case PENDING, PROCESSING, CANCELLED -> Sse.event("job.progress", id, Json.write(doc.job()));
        };
    }

    /** What is in service, and how far it is on its way to another. */
    private record Embedding(String embeddingModel, Optional<Views.EmbeddingChange> embeddingChange) {}

    private static ByteString event(String id, News.OfEmbedding news) {
        Optional<Views.EmbeddingChange> change = news.change().map(Views::change);
        String name = change.map(c -> c.error().isPresent() ? "embedding.failed" : "embedding.progress")
                .orElse("embedding.settled");
        return Sse.event(name, id, Json.write(new Embedding(news.inService().model(), change)));
    }

    private static ByteString changed(String id, Views.Doc doc) {
        return Sse.event("source.changed", id, Json.write(Map.of("sourceId", doc.id(), "version", doc.version())));
    }
}
