package io.kvasir.bootstrap;

import static io.kvasir.bootstrap.YamlPath.at;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** The manifests name what is really there: settings, ports, paths, each other. */
@SuppressWarnings("unchecked") // YAML is maps, lists and scalars
class KubernetesManifestsTest {
    private static final Path FOLDER = Path.of("cluster/kubernetes");
    private static final Config DEFAULTS = ConfigFactory.load();

    private static List<Map<String, Object>> documents(String file) {
        try (var reader = Files.newBufferedReader(FOLDER.resolve(file))) {
            return StreamSupport.stream(new Yaml().loadAll(reader).spliterator(), false)
                    .map(one -> (Map<String, Object>) one)
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Map<String, Object> one(String kind) {
        return documents("kvasir.yaml").stream()
                .filter(d -> d.get("kind").equals(kind))
                .findFirst()
                .orElseThrow();
    }

    private static Map<String, Object> pod() {
        return at(one("Deployment"), "spec", "template", "spec");
    }

    private static Map<String, Object> container() {
        return at(pod(), "containers", 0);
    }

    private static Map<String, Integer> ports() {
        return YamlPath.<List<Map<String, Object>>>at(container(), "ports").stream()
                .collect(Collectors.toMap(p -> (String) p.get("name"), p -> (Integer) p.get("containerPort")));
    }

    private static Map<String, String> environment() {
        return YamlPath.<List<Map<String, Object>>>at(container(), "env").stream()
                .collect(Collectors.toMap(e -> (String) e.get("name"), e -> (String) e.getOrDefault("value", "")));
    }

    /** A setting that is misspelt here would be left out in silence. */
    @Test
    void setOnlyWhatTheServerReads() throws IOException {
        String settings = Files.readString(Path.of("conf/application.conf"));
        Set<String> set = new TreeSet<>(environment().keySet());
        set.addAll(YamlPath.<Map<String, Object>>at(
                        documents("secret.example.yaml").getFirst(), "stringData")
                .keySet());

        assertThat(set)
                .hasSizeGreaterThan(15)
                .allSatisfy(name -> assertThat(settings).contains("${?" + name + "}"));
    }

    @Test
    void whatTheySetIsAClusterThatStarts(@org.junit.jupiter.api.io.TempDir Path folder) throws IOException {
        Map<String, String> set = environment();
        for (String file : List.of("CERTIFICATE", "KEY", "AUTHORITY")) {
            assertThat(set.get("KVASIR_CLUSTER_TLS_" + file))
                    .startsWith(YamlPath.<String>at(container(), "volumeMounts", 1, "mountPath"));
        }
        Path pem = Files.createFile(folder.resolve("pem"));
        ClusterSettings cluster = ClusterSettings.of(ConfigFactory.parseMap(Map.of(
                        "cluster.kubernetes.selector", set.get("KVASIR_KUBERNETES_SELECTOR"),
                        "cluster.kubernetes.management-port", set.get("KVASIR_MANAGEMENT_PORT"),
                        "cluster.kubernetes.contact-points", set.get("KVASIR_KUBERNETES_CONTACT_POINTS"),
                        "cluster.notice", set.get("KVASIR_CLUSTER_NOTICE"),
                        "cluster.tls.certificate", pem.toString(),
                        "cluster.tls.key", pem.toString(),
                        "cluster.tls.authority", pem.toString()))
                .withFallback(DEFAULTS.getConfig("kvasir")));

        assertThat(cluster.several()).isTrue();
        assertThat(set).containsEntry("KVASIR_INDEX", "qdrant");
        Config pekko = cluster.into(DEFAULTS);
        assertThat(pekko.getString("pekko.remote.artery.transport")).isEqualTo("tls-tcp");
        assertThat(pekko.getString("pekko.management.cluster.bootstrap.contact-point-discovery.port-name"))
                .isIn(ports().keySet());
        Map<String, String> labels = at(one("Deployment"), "spec", "template", "metadata", "labels");
        assertThat(labels.entrySet().stream().map(l -> l.getKey() + "=" + l.getValue()))
                .contains(set.get("KVASIR_KUBERNETES_SELECTOR"));
        // More contact points than there are servers would never start a cluster.
        assertThat(YamlPath.<Integer>at(one("Deployment"), "spec", "replicas"))
                .isGreaterThan(Integer.parseInt(set.get("KVASIR_KUBERNETES_CONTACT_POINTS")) - 1)
                .isGreaterThanOrEqualTo(3);
    }

    @Test
    void thePortsAreThoseTheServerOpens() throws IOException {
        assertThat(ports())
                .containsEntry("http", DEFAULTS.getInt("kvasir.http.port"))
                .containsEntry("remoting", Integer.parseInt(environment().get("KVASIR_CLUSTER_PORT")))
                .containsEntry("management", Integer.parseInt(environment().get("KVASIR_MANAGEMENT_PORT")));
        assertThat(Files.readString(Path.of("docker/Dockerfile"))).contains("EXPOSE 8080 7355 7626", "kubernetes/*");
        assertThat(YamlPath.<String>at(one("Service"), "spec", "ports", 0, "targetPort"))
                .isIn(ports().keySet());
    }

    @Test
    void theProbesAskWhatIsServed() throws IOException {
        String routes = Files.readString(Path.of("src/main/java/io/kvasir/bootstrap/HealthRoutes.java"));
        for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
            String path = at(container(), probe, "httpGet", "path");
            assertThat(routes).contains("\"" + path + "\"");
            assertThat(YamlPath.<String>at(container(), probe, "httpGet", "port"))
                    .isIn(ports().keySet());
        }
        assertThat(YamlPath.<String>at(container(), "readinessProbe", "httpGet", "path"))
                .isEqualTo("/health/ready");
    }

    /** Otherwise the answers that may end would be cut off after all. */
    @Test
    void thereIsTimeToLeaveInOrder() {
        Duration wayOut = Duration.ofSeconds(Integer.parseInt(
                        environment().get("KVASIR_CLUSTER_NOTICE").replace("s", "")))
                .plusSeconds(10) // requests under way
                .plus(DEFAULTS.getDuration(
                        "pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout"))
                .plusSeconds(15); // leaving, and the parts below

        assertThat(DEFAULTS.getDuration("pekko.coordinated-shutdown.phases.cluster-sharding-shutdown-region.timeout"))
                .isGreaterThan(DEFAULTS.getDuration("kvasir.conversation.drain").plusSeconds(5));
        assertThat(YamlPath.<Integer>at(pod(), "terminationGracePeriodSeconds"))
                .isGreaterThanOrEqualTo((int) wayOut.toSeconds());
    }

    @Test
    void theyReferToEachOtherByNamesThatExist() {
        String account = at(one("ServiceAccount"), "metadata", "name");
        assertThat(YamlPath.<String>at(pod(), "serviceAccountName")).isEqualTo(account);
        assertThat(YamlPath.<String>at(one("RoleBinding"), "subjects", 0, "name"))
                .isEqualTo(account);
        assertThat(YamlPath.<String>at(one("RoleBinding"), "roleRef", "name"))
                .isEqualTo(at(one("Role"), "metadata", "name"));
        assertThat(YamlPath.<List<String>>at(one("Role"), "rules", 0, "resources"))
                .containsExactly("pods");
        assertThat(YamlPath.<List<String>>at(one("Role"), "rules", 0, "verbs"))
                .doesNotContain("*", "create", "delete", "update");
        Map<String, String> labels = at(one("Deployment"), "spec", "template", "metadata", "labels");
        assertThat(YamlPath.<Map<String, String>>at(one("Service"), "spec", "selector"))
                .isEqualTo(labels);
        assertThat(YamlPath.<Map<String, String>>at(one("PodDisruptionBudget"), "spec", "selector", "matchLabels"))
                .isEqualTo(labels);
        assertThat(YamlPath.<String>at(container(), "envFrom", 0, "secretRef", "name"))
                .isEqualTo(at(documents("secret.example.yaml").getFirst(), "metadata", "name"));
    }

    @Test
    void thePodsHaveNoMorePowerThanTheyNeed() {
        assertThat(YamlPath.<Boolean>at(pod(), "securityContext", "runAsNonRoot"))
                .isTrue();
        assertThat(YamlPath.<Boolean>at(container(), "securityContext", "allowPrivilegeEscalation"))
                .isFalse();
        assertThat(YamlPath.<List<String>>at(container(), "securityContext", "capabilities", "drop"))
                .containsExactly("ALL");
    }
}
