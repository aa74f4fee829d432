package io.kvasir.bench;

import com.typesafe.config.ConfigFactory;
import io.kvasir.http.Sse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Control: nothing but Pekko HTTP saying one token after another. {@code GET /RATE}, tokens per second; 0 stays silent. */
final class BarePekko {
    private BarePekko() {}

    public static void main(String[] args) throws Exception {
        ActorSystem system = ActorSystem.create(
                "bare", ConfigFactory.parseString("""
                        pekko.http.server { max-connections = 12000, backlog = 1024, idle-timeout = 1h }
                        pekko.actor.default-dispatcher.fork-join-executor { parallelism-min = 2, parallelism-factor = 1.0 }
                        """).withFallback(ConfigFactory.load("reference")));
        var binding = Http.get(system)
                .newServerAt("127.0.0.1", 0)
                .bindSync(request ->
                        stream(Integer.parseInt(request.getUri().path().substring(1))))
                .toCompletableFuture()
                .join();
        System.out.println("port " + binding.localAddress().getPort());
        Thread.currentThread().join();
    }

    private static HttpResponse stream(int rate) {
        Source<ByteString, ?> tokens = rate == 0
                ? Source.maybe()
                : Source.tick(Duration.ZERO, Duration.ofNanos(1_000_000_000L / rate), 1)
                        .statefulMap(
                                () -> 0,
                                (said, _) -> org.apache.pekko.japi.Pair.create(said + 1, said + 1),
                                _ -> java.util.Optional.empty())
                        .map(said -> ByteString.fromArrayUnsafe(token(said).getBytes(StandardCharsets.UTF_8)));
        return Sse.whole(Sse.response(Source.single(Sse.RETRY).concat(tokens)));
    }

    static String token(int said) {
        return "event: delta\nid: 1:" + said + "\ndata: {\"text\":\" token\"}\n\n";
    }
}
