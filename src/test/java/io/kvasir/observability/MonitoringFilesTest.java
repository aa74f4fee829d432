package io.kvasir.observability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The dashboard and the alerts ask for figures that are there, by the names they really have. */
class MonitoringFilesTest {
    private static final Path DOCKER = Path.of("docker");
    private static final Pattern NAME = Pattern.compile(
            "\\b((?:kvasir|hikaricp|jvm|process)_[a-z_]+?)(?:_bucket|_count|_sum)?\\b(?=[{\\[ )\"\\n]|$)");

    /** The pool is not part of these metrics; its names are those of HikariCP's own meters. */
    private static final Set<String> OF_THE_POOL =
            Set.of("hikaricp_connections", "hikaricp_connections_active", "hikaricp_connections_pending");

    private static Set<String> told() {
        try (Metrics metrics = new Metrics()) {
            metrics.served("GET", "/", 200, Duration.ofMillis(1));
            metrics.searched("done", Duration.ofMillis(1));
            metrics.replying();
            metrics.replied("p", "m", "finished", Optional.of(Duration.ofMillis(1)), Duration.ofMillis(2));
            metrics.used("p", "m", 1, 1, 1);
            metrics.ingested("staged", 1, Duration.ofMillis(1));
            System.gc();
            Set<String> names = metrics.scrape()
                    .lines()
                    .filter(line -> line.startsWith("# TYPE "))
                    .map(line -> line.split(" ")[2])
                    .collect(Collectors.toCollection(HashSet::new));
            names.add("jvm_gc_pause_seconds"); // told once the first collection was seen
            names.addAll(OF_THE_POOL);
            return names;
        }
    }

    private static Set<String> asked(Path file) throws IOException {
        return NAME.matcher(Files.readString(file))
                .results()
                .map(m -> m.group(1))
                .collect(Collectors.toSet());
    }

    @Test
    void theAlertsAskForFiguresThatAreThere() throws IOException {
        assertThat(asked(DOCKER.resolve("prometheus/alerts.yml"))).isNotEmpty().isSubsetOf(told());
    }

    @Test
    void theDashboardAsksForFiguresThatAreThere() throws IOException {
        Path file = DOCKER.resolve("grafana/dashboards/kvasir.json");
        JsonNode dashboard = new ObjectMapper().readTree(file.toFile());

        assertThat(dashboard.get("panels")).hasSizeGreaterThan(10);
        assertThat(asked(file)).isNotEmpty().isSubsetOf(told());
    }

    /** A setting that is misspelt here would be left out in silence. */
    @Test
    void theComposeFileSetsOnlyWhatTheServerReads() throws IOException {
        String settings =
                Files.readString(Path.of("conf/application.conf")) + Files.readString(Path.of("conf/logback.xml"));
        Set<String> set = Pattern.compile("KVASIR_[A-Z_]+")
                .matcher(Files.readString(DOCKER.resolve("compose.yaml"))
                        + Files.readString(DOCKER.resolve("Dockerfile")))
                .results()
                .map(m -> m.group())
                .collect(Collectors.toSet());

        assertThat(set).isNotEmpty().allSatisfy(name -> assertThat(settings).contains(name));
    }
}
