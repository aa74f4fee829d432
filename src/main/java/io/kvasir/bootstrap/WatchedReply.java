package io.kvasir.bootstrap;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Request;
import io.kvasir.llm.ChatModel.Usage;
import io.kvasir.observability.Metrics;
import io.kvasir.observability.Traces;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;

/** A model's reply from when it is asked for to its end, however it ends. One stage, since every word passes it. */
final class WatchedReply extends GraphStage<FlowShape<Part, Part>> {
    private final Inlet<Part> in = Inlet.create("WatchedReply.in");
    private final Outlet<Part> out = Outlet.create("WatchedReply.out");
    private final FlowShape<Part, Part> shape = FlowShape.of(in, out);
    private final String provider;
    private final Request request;
    private final Metrics metrics;
    private final Traces traces;

    WatchedReply(String provider, Request request, Metrics metrics, Traces traces) {
        this.provider = provider;
        this.request = request;
        this.metrics = metrics;
        this.traces = traces;
    }

    @Override
    public FlowShape<Part, Part> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends GraphStageLogic {
        private final long began = System.nanoTime();
        private final Span span = traces.begin("chat " + provider, SpanKind.CLIENT, request.trace());
        private long first;
        private @Nullable Throwable fault;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    Part part = grab(in);
                    seen(part);
                    push(out, part);
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    fault = problem;
                    failStage(problem);
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    pull(in);
                }
            });
            span.setAttribute("gen_ai.operation.name", "chat");
            span.setAttribute("gen_ai.provider.name", provider);
            span.setAttribute("gen_ai.request.model", request.model());
        }

        @Override
        public void preStart() {
            metrics.replying();
        }

        private void seen(Part part) {
            switch (part) {
                case Part.Text _ -> {
                    if (first == 0) {
                        first = System.nanoTime();
                        span.addEvent("first token");
                    }
                }
                case Part.Finished(FinishReason _, Usage usage) -> {
                    span.setAttribute("gen_ai.response.model", usage.model());
                    span.setAttribute("gen_ai.usage.input_tokens", usage.promptTokens());
                    span.setAttribute("gen_ai.usage.output_tokens", usage.completionTokens());
                    metrics.used(
                            usage.provider(),
                            usage.model(),
                            usage.promptTokens(),
                            usage.completionTokens(),
                            usage.costMicros());
                }
            }
        }

        @Override
        public void postStop() {
            metrics.replied(provider, request.model(), outcome(fault), firstToken(began, first), Observed.since(began));
            Observed.ended(span, fault);
        }
    }

    private static String outcome(@Nullable Throwable fault) {
        return switch (fault) {
            case null -> "finished";
            case ChatFailure failure -> failure.kind().name().toLowerCase(Locale.ROOT);
            default -> "bug";
        };
    }

    private static Optional<Duration> firstToken(long began, long first) {
        return first == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(first - began));
    }
}
