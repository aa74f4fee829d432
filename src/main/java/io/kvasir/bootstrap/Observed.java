package io.kvasir.bootstrap;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Answerer;
import io.kvasir.answering.Answers;
import io.kvasir.answering.Question;
import io.kvasir.http.Access;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Endpoints;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TraceParent;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ProviderHealth;
import io.kvasir.observability.Metrics;
import io.kvasir.observability.Traces;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.Retriever;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Directives;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/** Puts a watch on the seams between the rooms, so that no room has to know that it is measured. */
final class Observed {
    private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("kvasir.outcome");

    private final Metrics metrics;
    private final Traces traces;

    Observed(Metrics metrics, Traces traces) {
        this.metrics = metrics;
        this.traces = traces;
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

    /** A question's whole way to its answer; searching and the model's call hang below it. */
    Answers answers(Answers answers) {
        return traces.on() ? new Traced(answers) : answers;
    }

    private final class Traced implements Answers {
        private final Answers answers;

        Traced(Answers answers) {
            this.answers = answers;
        }

        @Override
        public void expect(Question question) {
            answers.expect(question);
        }

        @Override
        public Source<AnswerEvent, NotUsed> answer(Question question) {
            return Source.lazySource(() -> {
                        Span span = traces.begin("answer", SpanKind.INTERNAL, question.trace());
                        span.setAttribute(
                                "kvasir.knowledge_base",
                                question.scope().knowledgeBase().value());
                        span.setAttribute("kvasir.revision", question.revision());
                        return answers.answer(question.within(Traces.below(span)))
                                .map(event -> seen(span, event))
                                .watchTermination((_, done) -> {
                                    done.whenComplete((_, fault) -> ended(span, fault));
                                    return NotUsed.getInstance();
                                });
                    })
                    .mapMaterializedValue(_ -> NotUsed.getInstance());
        }
    }

    private static AnswerEvent seen(Span span, AnswerEvent event) {
        switch (event) {
            case AnswerEvent.Retrieved retrieved ->
                span.addEvent("retrieved", Attributes.of(AttributeKey.longKey("kvasir.citations"), (long)
                        retrieved.citations().size()));
            case AnswerEvent.Text _ -> {}
            case AnswerEvent.Finished finished ->
                span.setAttribute(OUTCOME, finished.reason().name().toLowerCase(Locale.ROOT));
            case AnswerEvent.Failed failed -> {
                span.setAttribute(OUTCOME, failed.code());
                span.setStatus(StatusCode.ERROR);
            }
        }
        return event;
    }

    /** A search as the answerer and the search page call it. */
    Answerer.Retrieve search(Retriever retriever) {
        return new Watched(retriever);
    }

    private final class Watched implements Answerer.Retrieve {
        private final Retriever retriever;

        Watched(Retriever retriever) {
            this.retriever = retriever;
        }

        @Override
        public void expect(Scope scope, RetrievalSettings settings, String question) {
            retriever.expect(scope, settings, question);
        }

        @Override
        public CompletionStage<Retrieval> apply(
                Scope scope, long revision, RetrievalSettings settings, String query, Optional<TraceParent> trace) {
            long began = System.nanoTime();
            Span span = traces.begin("retrieve", SpanKind.INTERNAL, trace);
            span.setAttribute("kvasir.mode", settings.mode().name().toLowerCase(Locale.ROOT));
            return retriever.retrieve(scope, revision, settings, query).whenComplete((found, fault) -> {
                metrics.searched(fault == null ? "done" : "failed", since(began));
                if (found != null) {
                    span.setAttribute("kvasir.results", found.results().size());
                    span.setAttribute("kvasir.embed_ms", found.timings().embedMs());
                    span.setAttribute("kvasir.search_ms", found.timings().searchMs());
                    span.setAttribute("kvasir.rank_ms", found.timings().rankMs());
                }
                ended(span, fault);
            });
        }
    }

    static void ended(Span span, @Nullable Throwable fault) {
        if (fault != null) {
            // Its message may quote what was asked.
            span.setAttribute("error.type", fault.getClass().getName());
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }

    ChatModel model(ChatModel model) {
        return new ChatModel() {
            @Override
            public Source<Part, NotUsed> stream(Request request) {
                return model.stream(request).via(new WatchedReply(model.provider(), request, metrics, traces));
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

    Endpoints.Watching begun(Endpoint endpoint, Optional<TraceParent> parent) {
        Span span = traces.begin(endpoint.method().name() + " " + endpoint.path(), SpanKind.SERVER, parent);
        span.setAttribute("http.request.method", endpoint.method().name());
        span.setAttribute("http.route", endpoint.path());
        return new Endpoints.Watching() {
            @Override
            public void served(int status, Duration took) {
                metrics.served(endpoint.method().name(), endpoint.path(), status, took);
                span.setAttribute("http.response.status_code", status);
                if (status >= 500) {
                    span.setStatus(StatusCode.ERROR);
                }
                span.end();
            }

            @Override
            public Optional<TraceParent> trace() {
                return Traces.below(span);
            }
        };
    }

    static Duration since(long began) {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
