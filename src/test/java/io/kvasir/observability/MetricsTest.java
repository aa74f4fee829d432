package io.kvasir.observability;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private final Metrics metrics = new Metrics();

    @AfterEach
    void close() {
        metrics.close();
    }

    @Test
    void requestsAreCountedByEndpointAndStatusWithTheirTimes() {
        metrics.served("GET", "/things/{thingId}", 200, Duration.ofMillis(7));
        metrics.served("GET", "/things/{thingId}", 200, Duration.ofMillis(30));
        metrics.served("GET", "/things/{thingId}", 500, Duration.ofMillis(1));

        assertThat(metrics.scrape())
                .contains(
                        "kvasir_http_requests_seconds_count{method=\"GET\",path=\"/things/{thingId}\",status=\"200\"} 2")
                .contains(
                        "kvasir_http_requests_seconds_count{method=\"GET\",path=\"/things/{thingId}\",status=\"500\"} 1")
                .contains("status=\"200\",le=\"0.01\"} 1")
                .contains("status=\"200\",le=\"0.05\"} 2");
    }

    @Test
    void aRunningReplyIsSeenUntilItEnds() {
        metrics.replying();
        metrics.replying();
        metrics.replied("openai", "small", "timeout", Optional.empty(), Duration.ofSeconds(1));
        assertThat(metrics.scrape()).contains("kvasir_replies_running 1.0").doesNotContain("first_token");

        metrics.replied("openai", "small", "finished", Optional.of(Duration.ofMillis(20)), Duration.ofSeconds(1));
        assertThat(metrics.scrape())
                .contains("kvasir_replies_running 0.0")
                .contains("kvasir_llm_calls_seconds_count{model=\"small\",outcome=\"timeout\",provider=\"openai\"} 1")
                .contains("kvasir_llm_first_token_seconds_count{model=\"small\",provider=\"openai\"} 1");
    }

    @Test
    void tokensAndMoneyAddUp() {
        metrics.used("openai", "small", 100, 20, 1_500);
        metrics.used("openai", "small", 1, 2, 3);

        assertThat(metrics.scrape())
                .contains("kvasir_llm_tokens_total{kind=\"prompt\",model=\"small\",provider=\"openai\"} 101.0")
                .contains("kvasir_llm_tokens_total{kind=\"completion\",model=\"small\",provider=\"openai\"} 22.0")
                .contains("kvasir_llm_cost_micros_total{model=\"small\",provider=\"openai\"} 1503.0");
    }

    @Test
    void documentsAreCountedByWhatBecameOfThem() {
        metrics.ingested("staged", 12, Duration.ofSeconds(2));
        metrics.ingested("encrypted", 0, Duration.ofMillis(5));

        assertThat(metrics.scrape())
                .contains("kvasir_ingestion_documents_seconds_count{outcome=\"staged\"} 1")
                .contains("kvasir_ingestion_documents_seconds_count{outcome=\"encrypted\"} 1")
                .contains("kvasir_ingestion_passages_sum 12.0");
    }
}
