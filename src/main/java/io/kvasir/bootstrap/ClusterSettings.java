package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import java.util.Arrays;
import java.util.List;

/**
 * The cluster this server belongs to.
 *
 * @param seeds members to join by, as {@code host:port}; the first of them may start a new cluster. Empty: a cluster of one
 */
record ClusterSettings(List<String> seeds) {
    ClusterSettings {
        seeds = List.copyOf(seeds);
        for (String seed : seeds) {
            if (!seed.matches("[A-Za-z0-9._-]+:[0-9]{1,5}")) {
                throw new IllegalArgumentException("kvasir.cluster.seeds: " + seed + " is not host:port");
            }
        }
    }

    static ClusterSettings of(Config kvasir) {
        return new ClusterSettings(
                Arrays.stream(kvasir.getString("cluster.seeds").split(","))
                        .map(String::strip)
                        .filter(seed -> !seed.isEmpty())
                        .toList());
    }

    boolean several() {
        return !seeds.isEmpty();
    }

    /** The seeds as Pekko wants them; without any, the configuration as it is. */
    Config into(Config config) {
        return !several()
                ? config
                : config.withValue(
                        "pekko.cluster.seed-nodes",
                        ConfigValueFactory.fromIterable(seeds.stream()
                                .map(seed -> "pekko://kvasir@" + seed)
                                .toList()));
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
