package io.kvasir.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kvasir.outbound.Fetched.Answer;
import io.kvasir.outbound.Fetched.Failed;
import io.kvasir.outbound.Fetched.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 127.0.0.2 plays the allowed host; on 127.0.0.1 sits a canary that must never be reached. */
class OutboundHttpTest {
    private static final OutboundSettings SETTINGS = new OutboundSettings(
            List.of(Network.of("127.0.0.2/32")),
            5,
            100_000,
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            "Kvasir-test");
    private static final Map<String, String> SEEN = new ConcurrentHashMap<>();
    private static final AtomicInteger CANARY = new AtomicInteger();

    private static ActorSystem<Void> system;
    private static HttpServer host;
    private static HttpServer canary;
    private static OutboundHttp http;

    @BeforeAll
    static void start() throws IOException {
        system = ActorSystem.create(
                Behaviors.empty(),
                "outbound",
                com.typesafe.config.ConfigFactory.parseString("pekko.loglevel=WARNING")
                        .withFallback(com.typesafe.config.ConfigFactory.load("reference")));
        canary = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        canary.createContext("/", exchange -> {
            CANARY.incrementAndGet();
            reply(exchange, 200, "secret");
        });
        canary.start();
        host = HttpServer.create(new InetSocketAddress("127.0.0.2", 0), 0);
        host.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        host.createContext("/page", exchange -> {
            SEEN.put("agent", exchange.getRequestHeaders().getFirst("User-Agent"));
            reply(exchange, 200, "héllo");
        });
        host.createContext("/to-canary", exchange -> redirect(exchange, 302, canaryUri("/")));
        host.createContext(
                "/to-name",
                exchange -> redirect(
                        exchange, 302, "http://localhost:" + canary.getAddress().getPort()));
        host.createContext("/to-page", exchange -> redirect(exchange, 301, "/page"));
        host.createContext("/loop", exchange -> redirect(exchange, 302, "/loop"));
        host.createContext("/to-file", exchange -> redirect(exchange, 302, "file:///etc/passwd"));
        host.createContext("/to-echo", exchange -> redirect(exchange, 307, "/echo"));
        host.createContext("/see-other", exchange -> redirect(exchange, 303, "/echo"));
        host.createContext(
                "/to-other-port",
                exchange -> redirect(exchange, 307, "http://127.0.0.2:" + other.getLocalPort() + "/"));
        host.createContext(
                "/echo",
                exchange -> reply(
                        exchange,
                        200,
                        exchange.getRequestMethod() + " "
                                + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8) + " "
                                + exchange.getRequestHeaders().getFirst("Authorization")));
        host.createContext("/bomb", exchange -> {
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
                zip.write(new byte[5_000_000]);
            }
            exchange.getResponseHeaders().add("Content-Encoding", "gzip");
            exchange.sendResponseHeaders(200, zipped.size());
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(zipped.toByteArray());
            } catch (IOException expected) {
                // The client hangs up in the middle.
            }
        });
        host.createContext("/drip", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                for (int i = 0; i < 200; i++) {
                    out.write('x');
                    out.flush();
                    TimeUnit.MILLISECONDS.sleep(100);
                }
            } catch (IOException | InterruptedException expected) {
                // The client hangs up in the middle.
            }
        });
        host.start();
        other = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.2"));
        http = new OutboundHttp(system, SETTINGS, new AddressGuard(SETTINGS.allowedNetworks()));
    }

    private static ServerSocket other;

    @AfterAll
    static void stop() throws Exception {
        host.stop(0);
        canary.stop(0);
        other.close();
        system.terminate();
        system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static void reply(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    private static void redirect(HttpExchange exchange, int status, String to) throws IOException {
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().add("Location", to);
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    private static String canaryUri(String path) {
        return "http://127.0.0.1:" + canary.getAddress().getPort() + path;
    }

    private static WebAddress at(String path) {
        return WebAddress.parse("http://127.0.0.2:" + host.getAddress().getPort() + path)
                .orElseThrow();
    }

    private static Fetched fetched(OutboundHttp.Call call) throws Exception {
        return http.fetch(call).toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static Reason failure(String path) throws Exception {
        Fetched fetched = fetched(http.get(at(path)));
        assertThat(fetched).isInstanceOf(Failed.class);
        return ((Failed) fetched).reason();
    }

    @Test
    void fetchesWhatIsAllowed() throws Exception {
        Answer answer = (Answer) fetched(http.get(at("/page")));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body().utf8String()).isEqualTo("héllo");
        assertThat(answer.header("content-type"))
                .hasValueSatisfying(t -> assertThat(t).startsWith("text/plain"));
        assertThat(SEEN).containsEntry("agent", "Kvasir-test");
    }

    @Test
    void followsARedirectAndTellsTheWay() throws Exception {
        Answer answer = (Answer) fetched(http.get(at("/to-page")));

        assertThat(answer.body().utf8String()).isEqualTo("héllo");
        assertThat(answer.address()).isEqualTo(at("/page"));
        assertThat(answer.redirects()).containsExactly(at("/to-page"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost", "2130706433", "127.1", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"})
    void neverReachesTheCanary(String spelling) throws Exception {
        int before = CANARY.get();
        Fetched fetched = fetched(http.get(WebAddress.parse(
                        "http://" + spelling + ":" + canary.getAddress().getPort() + "/")
                .orElseThrow()));

        assertThat(fetched)
                .isInstanceOfSatisfying(
                        Failed.class, f -> assertThat(f.reason()).isIn(Reason.REFUSED_ADDRESS, Reason.UNKNOWN_HOST));
        assertThat(CANARY).hasValue(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/to-canary", "/to-name"})
    void aRedirectIsCheckedLikeAnyAddress(String path) throws Exception {
        int before = CANARY.get();

        assertThat(failure(path)).isEqualTo(Reason.REFUSED_ADDRESS);
        assertThat(CANARY).hasValue(before);
    }

    @Test
    void aNameThatChangesItsMindIsAskedOnceForEachConnection() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        AddressGuard rebinding = new AddressGuard(
                SETTINGS.allowedNetworks(),
                _ -> List.of(InetAddress.getByName(asked.getAndIncrement() == 0 ? "127.0.0.2" : "127.0.0.1")));
        OutboundHttp client = new OutboundHttp(system, SETTINGS, rebinding);
        WebAddress name = WebAddress.parse(
                        "http://rebind.example:" + host.getAddress().getPort() + "/page")
                .orElseThrow();

        Fetched first = client.fetch(client.get(name)).toCompletableFuture().get(10, TimeUnit.SECONDS);

        assertThat(first).isInstanceOf(Answer.class);
        assertThat(asked).hasValue(1);
        WebAddress again = WebAddress.parse(
                        "http://rebind.example:" + canary.getAddress().getPort() + "/")
                .orElseThrow();
        int before = CANARY.get();
        Fetched second = client.fetch(client.get(again)).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(second)
                .isInstanceOfSatisfying(
                        Failed.class, f -> assertThat(f.reason()).isEqualTo(Reason.REFUSED_ADDRESS));
        assertThat(CANARY).hasValue(before);
    }

    @Test
    void aRedirectThatKeepsItsMethodKeepsBodyAndCredentialsAtHome() throws Exception {
        Answer answer = (Answer) fetched(
                http.post(at("/to-echo"), ByteString.fromString("{}")).withHeader("Authorization", "Bearer s3cret"));

        assertThat(answer.body().utf8String()).isEqualTo("POST {} Bearer s3cret");
    }

    @Test
    void seeOtherBecomesAGetWithoutBody() throws Exception {
        Answer answer = (Answer) fetched(http.post(at("/see-other"), ByteString.fromString("{}")));

        assertThat(answer.body().utf8String()).isEqualTo("GET  null");
    }

    @Test
    void credentialsAreNotCarriedToAnotherOrigin() throws Exception {
        var answered = http.fetch(http.post(at("/to-other-port"), ByteString.fromString("{}"))
                .withHeader("Authorization", "Bearer s3cret")
                .withHeader("X-Kept", "yes"));
        String request;
        try (Socket socket = other.accept()) {
            byte[] buffer = new byte[4_096];
            request = new String(buffer, 0, socket.getInputStream().read(buffer), StandardCharsets.ISO_8859_1);
            socket.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }

        assertThat(answered.toCompletableFuture().get(10, TimeUnit.SECONDS)).isInstanceOf(Answer.class);
        assertThat(request).contains("X-Kept: yes").doesNotContain("s3cret");
    }

    @Test
    void redirectsEnd() throws Exception {
        assertThat(failure("/loop")).isEqualTo(Reason.TOO_MANY_REDIRECTS);
        assertThat(failure("/to-file")).isEqualTo(Reason.BAD_ADDRESS);
    }

    @Test
    void aBombIsCutAfterDecompression() throws Exception {
        assertThat(failure("/bomb")).isEqualTo(Reason.TOO_LARGE);
    }

    @Test
    void aBodyThatDripsIsNotWaitedForForever() throws Exception {
        assertThat(failure("/drip")).isEqualTo(Reason.TIMEOUT);
    }

    @Test
    void aClosedPortAndAHostThatIsNotThereAreToldApart() throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.2"))) {
            port = socket.getLocalPort();
        }
        assertThat(fetched(http.get(
                        WebAddress.parse("http://127.0.0.2:" + port + "/").orElseThrow())))
                .isInstanceOfSatisfying(
                        Failed.class, f -> assertThat(f.reason()).isEqualTo(Reason.CONNECT));
        assertThat(fetched(http.get(WebAddress.parse("http://nothing.invalid/").orElseThrow())))
                .isInstanceOfSatisfying(
                        Failed.class, f -> assertThat(f.reason()).isEqualTo(Reason.UNKNOWN_HOST));
    }

    @Test
    void plainTextWhereTlsShouldBeIsATlsFailure() throws Exception {
        WebAddress address = WebAddress.parse("https://127.0.0.2:" + other.getLocalPort() + "/")
                .orElseThrow();
        var answered = http.fetch(http.get(address));
        try (Socket socket = other.accept()) {
            assertThat(socket.getInputStream().read()).isEqualTo(0x16);
            socket.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }

        assertThat(answered.toCompletableFuture().get(10, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        Failed.class, f -> assertThat(f.reason()).isEqualTo(Reason.TLS));
    }
}
