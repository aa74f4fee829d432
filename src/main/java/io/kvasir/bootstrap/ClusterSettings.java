package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The cluster this server belongs to.
 *
 * @param seeds members to join by, as {@code host:port}; the first of them may start a new cluster. Empty: a cluster of one
 * @param roles what this server does in it, of {@link #ENTITIES} and {@link #GATEWAY}
 * @param tls how servers speak to each other; empty: in the clear
 * @param kubernetes finds the members instead of seeds
 * @param notice how long a server that leaves goes on serving, not ready any more, before it refuses new connections
 */
record ClusterSettings(
        List<String> seeds, Set<String> roles, Optional<Tls> tls, Optional<Kubernetes> kubernetes, Duration notice) {
    /** Knowledge bases, conversations and tenants live on such a server. */
    static final String ENTITIES = "entities";
    /** Every server answers HTTP; one that is a gateway only does nothing else. */
    static final String GATEWAY = "gateway";

    /** PEM files: its certificate, the key to it, and the authority that signed those of all members. */
    record Tls(Path certificate, Path key, Path authority) {
        Tls {
            for (Path file : List.of(certificate, key, authority)) {
                if (!Files.isReadable(file)) {
                    throw new IllegalArgumentException("kvasir.cluster.tls: " + file + " can't be read");
                }
            }
        }
    }

    /**
     * @param selector of the labels of the members' pods
     * @param namespace of these pods; empty: that of this one
     * @param managementPort where members tell each other whether there is a cluster already
     * @param contactPoints so many must be seen before a new cluster is started
     */
    record Kubernetes(String selector, Optional<String> namespace, int managementPort, int contactPoints) {}

    ClusterSettings {
        seeds = List.copyOf(seeds);
        roles = Set.copyOf(roles);
        for (String seed : seeds) {
            if (!seed.matches("[A-Za-z0-9._-]+:[0-9]{1,5}")) {
                throw new IllegalArgumentException("kvasir.cluster.seeds: " + seed + " is not host:port");
            }
        }
        if (roles.isEmpty() || !Set.of(ENTITIES, GATEWAY).containsAll(roles)) {
            throw new IllegalArgumentException("kvasir.cluster.roles must be of entities and gateway, not " + roles);
        }
        if (!seeds.isEmpty() && kubernetes.isPresent()) {
            throw new IllegalArgumentException("members are found by seeds or by Kubernetes, not by both");
        }
        if (seeds.isEmpty() && kubernetes.isEmpty() && !roles.contains(ENTITIES)) {
            throw new IllegalArgumentException("a server on its own needs the role " + ENTITIES);
        }
    }

    static ClusterSettings of(Config kvasir) {
        Config c = kvasir.getConfig("cluster");
        Config k = c.getConfig("kubernetes");
        return new ClusterSettings(
                words(c.getString("seeds")),
                Set.copyOf(words(c.getString("roles"))),
                tls(c.getConfig("tls")),
                told(k, "selector")
                        .map(selector -> new Kubernetes(
                                selector,
                                told(k, "namespace"),
                                k.getInt("management-port"),
                                k.getInt("contact-points"))),
                c.getDuration("notice"));
    }

    private static Optional<Tls> tls(Config c) {
        List<Optional<String>> files = List.of(told(c, "certificate"), told(c, "key"), told(c, "authority"));
        if (files.stream().allMatch(Optional::isEmpty)) {
            return Optional.empty();
        }
        if (files.stream().anyMatch(Optional::isEmpty)) {
            throw new IllegalArgumentException("kvasir.cluster.tls needs a certificate, its key and an authority");
        }
        return Optional.of(new Tls(
                Path.of(files.get(0).orElseThrow()),
                Path.of(files.get(1).orElseThrow()),
                Path.of(files.get(2).orElseThrow())));
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private static Optional<String> told(Config config, String path) {
        return Optional.of(config.getString(path)).filter(s -> !s.isBlank());
    }

    boolean several() {
        return !seeds.isEmpty() || kubernetes.isPresent();
    }

    /** All of this in Pekko's words. */
    Config into(Config config) {
        Map<String, Object> pekko = new HashMap<>();
        pekko.put("pekko.cluster.roles", List.copyOf(roles));
        if (!seeds.isEmpty()) {
            pekko.put(
                    "pekko.cluster.seed-nodes",
                    seeds.stream().map(seed -> "pekko://kvasir@" + seed).toList());
        }
        tls.ifPresent(files -> {
            String engine = "pekko.remote.artery.ssl.rotating-keys-engine.";
            pekko.put("pekko.remote.artery.transport", "tls-tcp");
            pekko.put(
                    "pekko.remote.artery.ssl.ssl-engine-provider",
                    "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider");
            pekko.put(engine + "cert-file", files.certificate().toString());
            pekko.put(engine + "key-file", files.key().toString());
            pekko.put(engine + "ca-cert-file", files.authority().toString());
        });
        kubernetes.ifPresent(k -> {
            String bootstrap = "pekko.management.cluster.bootstrap.";
            pekko.put("pekko.extensions", List.of("org.apache.pekko.management.cluster.bootstrap.ClusterBootstrap"));
            // pekko-discovery ended with an earlier release than the rest; only bootstrap uses it.
            pekko.put("pekko.fail-mixed-versions", false);
            pekko.put("pekko.management.http.hostname", config.getString("kvasir.cluster.host"));
            pekko.put("pekko.management.http.port", k.managementPort());
            pekko.put("pekko.discovery.method", "kubernetes-api");
            pekko.put("pekko.discovery.kubernetes-api.pod-label-selector", k.selector());
            pekko.put("pekko.discovery.kubernetes-api.use-raw-ip", true);
            k.namespace().ifPresent(namespace -> pekko.put("pekko.discovery.kubernetes-api.pod-namespace", namespace));
            pekko.put(bootstrap + "contact-point-discovery.service-name", "kvasir");
            pekko.put(bootstrap + "contact-point-discovery.port-name", "management");
            pekko.put(bootstrap + "contact-point-discovery.required-contact-point-nr", k.contactPoints());
        });
        Config result = config;
        for (Map.Entry<String, Object> one : pekko.entrySet()) {
            result = result.withValue(one.getKey(), ConfigValueFactory.fromAnyRef(one.getValue()));
        }
        return result;
    }

    /**
     * What several servers must share.
     *
     * @throws IllegalArgumentException naming what each of them would have for itself
     */
    void require(boolean ownDatabase, boolean ownIndex, boolean ownMasterKey) {
        if (!several()) {
            return;
        }
        if (ownDatabase) {
            throw new IllegalArgumentException(
                    "a cluster needs one database for all its servers: set KVASIR_DATABASE_URL to PostgreSQL");
        }
        if (ownIndex) {
            throw new IllegalArgumentException(
                    "a cluster needs one index for all its servers: set KVASIR_INDEX=qdrant and KVASIR_QDRANT_URL");
        }
        if (ownMasterKey) {
            throw new IllegalArgumentException(
                    "a cluster needs one master key for all its servers: set KVASIR_MASTER_KEY");
        }
    }
}
