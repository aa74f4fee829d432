package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.journal.SharedDatabase;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.cluster.typed.Cluster;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Members speak TLS and know each other by certificates of one authority; nobody else gets in. */
class RemotingTlsTest {
    @TempDir
    Path folder;

    private final List<Node.Started> started = new ArrayList<>();

    @AfterEach
    void stop() {
        started.forEach(node -> node.system().terminate());
    }

    @Test
    void twoWithCertificatesAreOneClusterAndOthersStayOutside() throws Exception {
        authority("ours");
        authority("foreign");
        int seed;
        try (ServerSocket socket = new ServerSocket(0)) {
            seed = socket.getLocalPort();
        }
        Node.Started first = start(seed, seed, certificate("ours", "a"));
        first.up().toCompletableFuture().get(60, TimeUnit.SECONDS);
        Node.Started second = start(0, seed, certificate("ours", "b"));
        second.up().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(members(first)).isEqualTo(2);

        Node.Started plain = start(0, seed, Map.of());
        Node.Started foreign = start(0, seed, certificate("foreign", "c"));
        for (Node.Started stranger : List.of(plain, foreign)) {
            assertThatThrownBy(() -> stranger.up().toCompletableFuture().get(60, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("did not become a member");
        }
        assertThat(members(first)).isEqualTo(2);
    }

    @Test
    void halfASettingIsRefused() throws Exception {
        authority("ours");
        Map<String, String> all = certificate("ours", "a");

        assertThatThrownBy(() -> settings(Map.of("cluster.tls.key", all.get("cluster.tls.key"))))
                .hasMessageContaining("needs a certificate, its key and an authority");
        assertThatThrownBy(() -> settings(Map.of(
                        "cluster.tls.key", all.get("cluster.tls.key"),
                        "cluster.tls.certificate", all.get("cluster.tls.certificate"),
                        "cluster.tls.authority", folder.resolve("none.pem").toString())))
                .hasMessageContaining("none.pem can't be read");
    }

    private static ClusterSettings settings(Map<String, String> set) {
        return ClusterSettings.of(
                ConfigFactory.parseMap(set).withFallback(ConfigFactory.load().getConfig("kvasir")));
    }

    private Node.Started start(int port, int seed, Map<String, String> tls) {
        Config config = ConfigFactory.parseMap(Map.of(
                        "kvasir.cluster.port",
                        port,
                        "kvasir.cluster.seeds",
                        "127.0.0.1:" + seed,
                        "pekko.cluster.shutdown-after-unsuccessful-join-seed-nodes",
                        "20s"))
                .withFallback(ConfigFactory.defaultApplication())
                .withFallback(ConfigFactory.defaultReference())
                .resolve();
        ClusterSettings cluster =
                ClusterSettings.of(ConfigFactory.parseMap(tls).withFallback(config.getConfig("kvasir")));
        JdbcDataSource database = new JdbcDataSource();
        database.setURL("jdbc:h2:mem:tls;DB_CLOSE_DELAY=-1");
        Node.Started node = Node.start(
                cluster.into(config), false, new SharedDatabase.Pool(database, true, 2), NodeTest.UNPROVEN, () -> {});
        started.add(node);
        return node;
    }

    private static int members(Node.Started node) {
        int[] count = {0};
        Cluster.get(node.system()).state().getMembers().forEach(_ -> count[0]++);
        return count[0];
    }

    private void authority(String name) throws Exception {
        keytool("-genkeypair", "-alias", name, "-dname", "CN=" + name, "-ext", "bc:c", "-keystore", name + ".p12");
        keytool("-exportcert", "-rfc", "-alias", name, "-file", name + ".pem", "-keystore", name + ".p12");
    }

    /** A certificate with the name all members share, as settings. */
    private Map<String, String> certificate(String authority, String name) throws Exception {
        keytool(
                "-genkeypair",
                "-alias",
                name,
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=dns:kvasir",
                "-keystore",
                name + ".p12");
        keytool("-certreq", "-alias", name, "-file", name + ".csr", "-keystore", name + ".p12");
        keytool(
                "-gencert",
                "-rfc",
                "-alias",
                authority,
                "-ext",
                "SAN=dns:kvasir",
                "-infile",
                name + ".csr",
                "-outfile",
                name + ".pem",
                "-keystore",
                authority + ".p12");
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".p12"))) {
            keys.load(in, "changeit".toCharArray());
        }
        Key key = keys.getKey(name, "changeit".toCharArray());
        Files.writeString(
                folder.resolve(name + ".key"),
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded())
                        + "\n-----END PRIVATE KEY-----\n");
        return Map.of(
                "cluster.tls.certificate", folder.resolve(name + ".pem").toString(),
                "cluster.tls.key", folder.resolve(name + ".key").toString(),
                "cluster.tls.authority", folder.resolve(authority + ".pem").toString());
    }

    private void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-storepass", "changeit", "-storetype", "PKCS12"));
        if (arguments[0].equals("-genkeypair")) {
            command.addAll(List.of("-keyalg", "RSA", "-keysize", "2048"));
        }
        Process keytool = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertThat(keytool.waitFor()).as(said).isZero();
    }
}
