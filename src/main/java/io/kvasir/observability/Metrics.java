package io.kvasir.observability;

import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counters and timers in Prometheus' form. Times are seconds, money is millionths of the price list's unit. Labels take
 * values from closed sets only (path templates, configured names, codes): nothing a caller makes up becomes a label.
 */
public final class Metrics implements AutoCloseable {
    private static final Duration[] HTTP = {
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofMillis(2_500),
        Duration.ofSeconds(5),
        Duration.ofSeconds(10)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics collections = new JvmGcMetrics();
    private final AtomicInteger replies = new AtomicInteger();

    public Metrics() {
        new JvmMemoryMetrics().bindTo(registry);
        collections.bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        Gauge.builder("kvasir.replies.running", replies, AtomicInteger::get)
                .description("Replies being written by a model now")
                .register(registry);
    }

    /** For libraries that bring meters of their own. */
    public MeterRegistry registry() {
        return registry;
    }

    /**
     * A request was answered; of a stream, its head.
     *
     * @param path the template, never the path as it came
     */
    public void served(String method, String path, int status, Duration took) {
        Timer.builder("kvasir.http.requests")
                .description("Requests answered, by endpoint and status")
                .tags("method", method, "path", path, "status", Integer.toString(status))
                .serviceLevelObjectives(HTTP)
                .register(registry)
                .record(took);
    }

    /** A search of a knowledge base ended. */
    public void searched(String outcome, Duration took) {
        Timer.builder("kvasir.retrieval")
                .description("Searches, embedding of the question included")
                .tags("outcome", outcome)
                .serviceLevelObjectives(HTTP)
                .register(registry)
                .record(took);
    }

    /** A model began to answer. */
    public void replying() {
        replies.incrementAndGet();
    }

    /**
     * A call to a model ended.
     *
     * @param outcome {@code finished}, also where its reader stopped it, or the kind of failure
     * @param firstToken empty where none came
     */
    public void replied(String provider, String model, String outcome, Optional<Duration> firstToken, Duration took) {
        replies.decrementAndGet();
        Tags who = Tags.of("provider", provider, "model", model);
        Timer.builder("kvasir.llm.calls")
                .description("Calls to models, until their last token")
                .tags(who.and("outcome", outcome))
                .register(registry)
                .record(took);
        firstToken.ifPresent(time -> Timer.builder("kvasir.llm.first.token")
                .description("Time to the first token")
                .tags(who)
                .serviceLevelObjectives(HTTP)
                .register(registry)
                .record(time));
    }

    /** What a call used. */
    public void used(String provider, String model, int promptTokens, int completionTokens, long costMicros) {
        Tags who = Tags.of("provider", provider, "model", model);
        registry.counter("kvasir.llm.tokens", who.and("kind", "prompt")).increment(promptTokens);
        registry.counter("kvasir.llm.tokens", who.and("kind", "completion")).increment(completionTokens);
        registry.counter("kvasir.llm.cost.micros", who).increment(costMicros);
    }

    /** A document was ingested, or not. @param outcome {@code staged}, {@code cancelled}, or the code of the failure */
    public void ingested(String outcome, int passages, Duration took) {
        Timer.builder("kvasir.ingestion.documents")
                .description("Documents ingested, from queue to staged passages")
                .tags("outcome", outcome)
                .register(registry)
                .record(took);
        DistributionSummary.builder("kvasir.ingestion.passages")
                .description("Passages of a document")
                .register(registry)
                .record(passages);
    }

    /** All of it, in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        collections.close();
        registry.close();
    }
}
