package io.kvasir.bootstrap;

import static io.kvasir.bootstrap.YamlPath.at;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * Image, compose file, Prometheus and Grafana name what is really there: ports, paths, files, each other. No engine runs
 * them here; what is held is what a misspelling would break.
 */
@SuppressWarnings("unchecked") // YAML is maps, lists and scalars
class ContainerFilesTest {
    private static final Path DOCKER = Path.of("docker");
    private static final Config DEFAULTS = ConfigFactory.load();
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z_]+)");

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> yaml(String file) {
        return new Yaml().load(text(DOCKER.resolve(file)));
    }

    private static Map<String, Map<String, Object>> services() {
        return at(yaml("compose.yaml"), "services");
    }

    private static String first(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .findFirst()
                .orElseThrow(() -> new AssertionError(pattern + " is not in:\n" + text))
                .group(1);
    }

    @Test
    void everySecretIsInTheExampleAndNothingElse() {
        Set<String> asked = VARIABLE.matcher(text(DOCKER.resolve("compose.yaml")))
                .results()
                .map(m -> m.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> given = text(DOCKER.resolve("example.env"))
                .lines()
                .filter(line -> !line.startsWith("#") && line.contains("="))
                .map(line -> line.substring(0, line.indexOf('=')))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(asked).hasSizeGreaterThan(5).isEqualTo(given);
        assertThat(text(DOCKER.resolve("example.env")).lines().filter(line -> !line.startsWith("#")))
                .as("values somebody would keep")
                .allSatisfy(line -> assertThat(line).endsWith("="));
    }

    @Test
    void whatIsMountedIsThere() {
        Set<String> volumes = YamlPath.<Map<String, Object>>at(yaml("compose.yaml"), "volumes")
                .keySet();
        services().values().stream()
                .flatMap(service -> ((List<String>) service.getOrDefault("volumes", List.of())).stream())
                .map(mount -> mount.split(":")[0])
                .forEach(source -> {
                    if (source.startsWith("./")) {
                        assertThat(DOCKER.resolve(source)).exists();
                    } else {
                        assertThat(source).isIn(volumes);
                    }
                });
    }

    /** Prometheus, Grafana and the server without TLS are for this machine alone; databases for nobody outside. */
    @Test
    void nothingIsOpenToTheNetwork() {
        services().forEach((name, service) -> {
            List<String> ports = (List<String>) service.getOrDefault("ports", List.of());
            assertThat(ports).as(name).allSatisfy(port -> assertThat(port).startsWith("127.0.0.1:"));
            if (Set.of("postgres", "qdrant").contains(name)) {
                assertThat(ports).as(name).isEmpty();
            }
        });
        assertThat(YamlPath.<List<String>>at(services(), "kvasir", "cap_drop")).containsExactly("ALL");
    }

    @Test
    void theyFindEachOther() {
        Map<String, String> set = at(services(), "kvasir", "environment");
        int http = DEFAULTS.getInt("kvasir.http.port");

        assertThat(set.get("KVASIR_DATABASE_URL"))
                .isEqualTo(
                        "jdbc:postgresql://postgres:5432/" + at(services(), "postgres", "environment", "POSTGRES_DB"));
        assertThat(set.get("KVASIR_DATABASE_USER"))
                .isEqualTo(at(services(), "postgres", "environment", "POSTGRES_USER"));
        assertThat(set.get("KVASIR_DATABASE_PASSWORD"))
                .isEqualTo(at(services(), "postgres", "environment", "POSTGRES_PASSWORD"));
        // Its gRPC port, as the default is.
        assertThat(set.get("KVASIR_QDRANT_URL"))
                .isEqualTo(DEFAULTS.getString("kvasir.index.qdrant.url").replace("127.0.0.1", "qdrant"));
        assertThat(set.get("KVASIR_QDRANT_API_KEY"))
                .isEqualTo(at(services(), "qdrant", "environment", "QDRANT__SERVICE__API_KEY"));
        assertThat(services().keySet())
                .containsAll(YamlPath.<Map<String, Object>>at(services(), "kvasir", "depends_on")
                        .keySet());
        assertThat(YamlPath.<String>at(services(), "kvasir", "ports", 0)).endsWith(":" + http);
        assertThat(YamlPath.<String>at(
                        yaml("prometheus/prometheus.yml"), "scrape_configs", 0, "static_configs", 0, "targets", 0))
                .isEqualTo("kvasir:" + http);
        assertThat(YamlPath.<String>at(
                        yaml("grafana/provisioning/datasources/prometheus.yml"), "datasources", 0, "url"))
                .isEqualTo("http://prometheus:9090");
    }

    @Test
    void prometheusAsksWhatIsServedAndItsAlertsAskPrometheus() {
        Map<String, Object> prometheus = yaml("prometheus/prometheus.yml");
        String job = at(prometheus, "scrape_configs", 0, "job_name");

        assertThat(text(Path.of("src/main/java/io/kvasir/bootstrap/Observed.java")))
                .contains("\"" + at(prometheus, "scrape_configs", 0, "metrics_path") + "\"");
        assertThat(YamlPath.<List<String>>at(prometheus, "rule_files"))
                .allSatisfy(rules ->
                        assertThat(DOCKER.resolve("prometheus").resolve(rules)).exists());
        List<Map<String, Object>> alerts = at(yaml("prometheus/alerts.yml"), "groups", 0, "rules");
        assertThat(alerts).hasSizeGreaterThan(5).allSatisfy(alert -> {
            assertThat(alert).containsKeys("alert", "expr", "for");
            assertThat(YamlPath.<String>at(alert, "labels", "severity")).isIn("critical", "warning");
            assertThat(YamlPath.<String>at(alert, "annotations", "summary")).isNotBlank();
        });
        assertThat(alerts.getFirst().get("expr")).isEqualTo("up{job=\"" + job + "\"} == 0");
    }

    /** By the outcomes the server really tells; a document that was cancelled is none that failed. */
    @Test
    void alertsKnowFailureFromSuccess() {
        String alerts = text(DOCKER.resolve("prometheus/alerts.yml"));

        assertThat(alerts).contains("kvasir_llm_calls_seconds_count{outcome!=\"finished\"}");
        assertThat(alerts).contains("kvasir_ingestion_documents_seconds_count{outcome!~\"staged|cancelled\"}");
        assertThat(text(Path.of("src/main/java/io/kvasir/bootstrap/WatchedReply.java")))
                .contains("\"finished\"");
        assertThat(text(Path.of("src/main/java/io/kvasir/bootstrap/Observed.java")))
                .contains("\"staged\"", "\"cancelled\"");
    }

    @Test
    void grafanaFindsItsDashboardAndTheDashboardItsFigures() throws IOException {
        JsonNode dashboard = new ObjectMapper()
                .readTree(DOCKER.resolve("grafana/dashboards/kvasir.json").toFile());
        String source = at(yaml("grafana/provisioning/datasources/prometheus.yml"), "datasources", 0, "uid");
        String folder = at(yaml("grafana/provisioning/dashboards/kvasir.yml"), "providers", 0, "options", "path");

        assertThat(dashboard.get("panels"))
                .allSatisfy(panel ->
                        assertThat(panel.findValuesAsText("uid")).isNotEmpty().allMatch(source::equals));
        assertThat(YamlPath.<List<String>>at(services(), "grafana", "volumes"))
                .contains("./grafana/dashboards:" + folder + ":ro");
    }

    @Test
    void theImageHoldsAndStartsWhatIsBuilt() {
        String image = text(DOCKER.resolve("Dockerfile"));
        String pom = text(Path.of("pom.xml"));
        String dev = text(Path.of("dev"));

        assertThat(pom).contains("<finalName>kvasir</finalName>", "${project.build.directory}/lib");
        assertThat(image).contains("COPY --from=build /src/target/kvasir.jar", "COPY --from=build /src/target/lib lib");
        // The same options as everywhere else, or the index is half as fast and the parser refuses to start.
        String options = first("java @(conf/\\S+) -XX:SharedArchiveFile", dev);
        assertThat(Path.of(options)).isRegularFile();
        assertThat(image)
                .contains("/src/" + options + " ./")
                .contains("[\"java\", \"@" + Path.of(options).getFileName() + "\"");
        assertThat(image).contains("\"" + io.kvasir.Main.class.getName() + "\"");
        assertThat(first("temurin:(\\d+)-jre", image)).isEqualTo(first("<maven.compiler.release>(\\d+)<", pom));
        assertThat(image)
                .contains("EXPOSE " + DEFAULTS.getInt("kvasir.http.port") + " ")
                .contains("GET " + "/health/live" + " HTTP/1.0");
        assertThat(text(Path.of("src/main/java/io/kvasir/bootstrap/HealthRoutes.java")))
                .contains("\"/health/live\"");
        assertThat(image.indexOf("\nUSER kvasir"))
                .as("a user without privileges, before anything is started")
                .isBetween(0, image.indexOf("\nENTRYPOINT"));
        // What a server of several may take to leave is in Kubernetes' manifest; one on its own has less to do.
        assertThat(YamlPath.<String>at(services(), "kvasir", "stop_grace_period"))
                .isEqualTo("30s");
    }

    @Test
    void nothingPrivateGetsIntoTheImage() {
        assertThat(text(DOCKER.resolve("Dockerfile.dockerignore")).lines()).contains(".git", "data", "target");
    }
}
