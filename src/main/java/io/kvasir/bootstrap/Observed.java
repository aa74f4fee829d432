package io.kvasir.bootstrap;

import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.kernel.Scope;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ProviderHealth;
import io.kvasir.observability.Metrics;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.stream.javadsl.Source;

/** Puts a watch on the seams between the rooms, so that no room has to know that it is measured. */
final class Observed {
    /** A search as the answerer and the search page call it. */
    @FunctionalInterface
    interface Search {
        CompletionStage<Retrieval> apply(Scope scope, long revision, RetrievalSettings settings, String query);
    }

    private final Metrics metrics;

    Observed(Metrics metrics) {
        this.metrics = metrics;
    }

    List<Endpoint> endpoints() {
        return List.of(Endpoint.get(
                        "/metrics",
                        Access.PUBLIC,
                        _ -> Directives.complete(HttpResponse.create()
                                .withEntity(HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, metrics.scrape()))))
                .says("Read the server's figures in Prometheus' text format")
                .givesMedia(200, "text/plain"));
    }

    Search search(Search search) {
        return (scope, revision, settings, query) -> {
            long began = System.nanoTime();
            return search.apply(scope, revision, settings, query)
                    .whenComplete((_, fault) -> metrics.searched(fault == null ? "done" : "failed", since(began)));
        };
    }

    ChatModel model(ChatModel model) {
        return new ChatModel() {
            @Override
            public Source<Part, NotUsed> stream(Request request) {
                return Source.lazySource(() -> watched(request)).mapMaterializedValue(_ -> NotUsed.getInstance());
            }

            private Source<Part, NotUsed> watched(Request request) {
                long began = System.nanoTime();
                AtomicLong first = new AtomicLong();
                metrics.replying();
                return model.stream(request)
                        .map(part -> {
                            switch (part) {
                                case Part.Text _ -> {
                                    if (first.get() == 0) {
                                        first.set(System.nanoTime());
                                    }
                                }
                                case Part.Finished(FinishReason _, Usage usage) ->
                                    metrics.used(
                                            usage.provider(),
                                            usage.model(),
                                            usage.promptTokens(),
                                            usage.completionTokens(),
                                            usage.costMicros());
                            }
                            return part;
                        })
                        .watchTermination((_, done) -> {
                            done.whenComplete((_, fault) -> metrics.replied(
                                    model.provider(),
                                    request.model(),
                                    outcome(fault),
                                    firstToken(began, first.get()),
                                    since(began)));
                            return NotUsed.getInstance();
                        });
            }

            @Override
            public String provider() {
                return model.provider();
            }

            @Override
            public ProviderHealth health() {
                return model.health();
            }
        };
    }

    Ingestion ingestion(Ingestion ingestion) {
        return (Ingestion.Task task, Consumer<Ingestion.Progress> listener) -> {
            long began = System.nanoTime();
            Ingestion.Run run = ingestion.start(task, listener);
            run.result().whenComplete((result, fault) -> {
                switch (result) {
                    case null -> metrics.ingested("bug", 0, since(began));
                    case Ingestion.Result.Staged staged -> metrics.ingested("staged", staged.passages(), since(began));
                    case Ingestion.Result.Failed failed -> metrics.ingested(failed.code(), 0, since(began));
                    case Ingestion.Result.Cancelled _ -> metrics.ingested("cancelled", 0, since(began));
                }
            });
            return run;
        };
    }

    void served(Endpoint endpoint, int status, Duration took) {
        metrics.served(endpoint.method().name(), endpoint.path(), status, took);
    }

    private static String outcome(@org.jspecify.annotations.Nullable Throwable fault) {
        return switch (fault) {
            case null -> "finished";
            case ChatFailure failure -> failure.kind().name().toLowerCase(Locale.ROOT);
            default -> "bug";
        };
    }

    private static Optional<Duration> firstToken(long began, long first) {
        return first == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(first - began));
    }

    private static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
