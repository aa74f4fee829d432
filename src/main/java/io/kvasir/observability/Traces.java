package io.kvasir.observability;

import io.kvasir.kernel.TraceParent;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The way of a request through the server, as OpenTelemetry spans. They say how long what took and how it ended, never
 * what was asked or answered. Spans nobody fetches are dropped: a collector that is away delays nothing.
 */
public final class Traces implements AutoCloseable {
    private final Tracer tracer;
    private final boolean on;
    private final Runnable close;

    private Traces(TracerProvider provider, boolean on, Runnable close) {
        this.on = on;
        this.tracer = provider.get("io.kvasir");
        this.close = close;
    }

    public static Traces open(TraceSettings settings) {
        return settings.endpoint()
                .map(endpoint -> to(
                        OtlpHttpSpanExporter.builder()
                                .setEndpoint(endpoint.toString())
                                .setTimeout(Duration.ofSeconds(5))
                                .build(),
                        settings.share()))
                .orElseGet(() -> new Traces(TracerProvider.noop(), false, () -> {}));
    }

    static Traces to(SpanExporter exporter, double share) {
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .setResource(Resource.getDefault()
                        .merge(Resource.create(Attributes.of(AttributeKey.stringKey("service.name"), "kvasir"))))
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(share)))
                .addSpanProcessor(BatchSpanProcessor.builder(exporter)
                        .setScheduleDelay(Duration.ofSeconds(1))
                        .setMaxQueueSize(8_192)
                        .build())
                .build();
        return new Traces(provider, true, () -> provider.shutdown().join(5, TimeUnit.SECONDS));
    }

    /** Whether anybody is told of spans. */
    public boolean on() {
        return on;
    }

    /** Begins a span; whoever begins it ends it. */
    public Span begin(String name, SpanKind kind, Optional<TraceParent> parent) {
        return tracer.spanBuilder(name)
                .setSpanKind(kind)
                .setParent(parent.map(Traces::context).orElseGet(Context::root))
                .startSpan();
    }

    /** What to hand on, so that spans hang below this one; empty where nothing is traced. */
    public static Optional<TraceParent> below(Span span) {
        SpanContext context = span.getSpanContext();
        return context.isValid()
                ? Optional.of(new TraceParent("00-" + context.getTraceId() + "-" + context.getSpanId() + "-"
                        + context.getTraceFlags().asHex()))
                : Optional.empty();
    }

    private static Context context(TraceParent parent) {
        return Context.root()
                .with(Span.wrap(SpanContext.createFromRemoteParent(
                        parent.trace(),
                        parent.span(),
                        TraceFlags.fromHex(parent.flags(), 0),
                        TraceState.getDefault())));
    }

    @Override
    public void close() {
        close.run();
    }
}
