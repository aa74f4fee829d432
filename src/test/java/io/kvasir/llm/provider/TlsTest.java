package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.Message;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Speaker;
import io.kvasir.llm.anthropic.AnthropicFormat;
import io.kvasir.load.ProviderDouble;
import io.kvasir.load.Wire;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.stream.javadsl.Sink;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over TLS, as all real providers are: with a certificate we trust, and with one we do not. */
class TlsTest {
    @Test
    void streams_over_tls_and_keeps_the_connection_but_only_to_whom_it_trusts(@TempDir Path folder) throws Exception {
        ActorTestKit kit = ActorTestKit.create();
        SSLContext tls = context(folder.resolve("double.p12"));
        try (ProviderDouble twin = ProviderDouble.startTls(kit.system(), ConnectionContext.httpsServer(tls))) {
            twin.says(List.of("Grüße", " sicher"), Wire.Ending.STOP);
            StreamedChatModel wary = model(kit, twin);
            assertThat(failure(kit, wary).kind()).isEqualTo(ChatFailure.Kind.UNAVAILABLE);

            Http.get(kit.system()).setDefaultClientHttpsContext(ConnectionContext.httpsClient(tls));
            StreamedChatModel model = model(kit, twin);
            for (int i = 0; i < 3; i++) {
                List<Part> parts = model.stream(request())
                        .runWith(Sink.seq(), kit.system())
                        .toCompletableFuture()
                        .get(20, TimeUnit.SECONDS);
                assertThat(parts.getLast()).isInstanceOf(Part.Finished.class);
                await().until(() -> model.health().calls() == 0);
            }
            assertThat(twin.seen()).hasSize(3);
        } finally {
            kit.shutdownTestKit();
        }
    }

    private static ChatFailure failure(ActorTestKit kit, ChatModel model) throws Exception {
        try {
            model.stream(request())
                    .runWith(Sink.ignore(), kit.system())
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ChatFailure) e.getCause();
        }
        throw new AssertionError("it did not fail");
    }

    private static StreamedChatModel model(ActorTestKit kit, ProviderDouble twin) {
        Duration patient = Duration.ofSeconds(15);
        ProviderSettings settings = new ProviderSettings(
                "anthropic",
                URI.create(twin.url(Wire.ANTHROPIC).replace("http://127.0.0.1", "https://localhost")),
                Optional.of(ProviderDouble.KEY),
                new ProviderSettings.Timeouts(patient, patient, patient, patient),
                new ProviderSettings.Retries(1, Duration.ZERO, Duration.ZERO),
                new ProviderSettings.Pool(1, 4),
                new ProviderSettings.Limits(0),
                new ProviderSettings.Pause(100, Duration.ofSeconds(1)));
        return new StreamedChatModel(
                new Upstream(kit.system(), settings, Clock.systemUTC()), new AnthropicFormat(0), Map.of());
    }

    private static ChatModel.Request request() {
        return new ChatModel.Request("m", List.of(new Message(Speaker.USER, "How?")), "How?", List.of(), 0.2, 300);
    }

    private static SSLContext context(Path store) throws Exception {
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "double",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        "changeit")
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertThat(keytool.waitFor()).as(said).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "changeit".toCharArray());
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, "changeit".toCharArray());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("double", keys.getCertificate("double"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
