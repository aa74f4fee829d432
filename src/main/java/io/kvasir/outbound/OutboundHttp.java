package io.kvasir.outbound;

import io.kvasir.outbound.Fetched.Failed;
import io.kvasir.outbound.Fetched.Reason;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ClientTransport;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.coding.Coder;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.http.javadsl.settings.ConnectionPoolSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.StreamLimitReachedException;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.util.ByteString;

/**
 * The one HTTP client for addresses that users name: pages, webhooks, discovery documents. The check sits where the
 * connection is made, so redirects, other spellings and names that change their mind all pass it. Redirects are
 * followed by hand; credentials never leave the origin they were meant for.
 */
public final class OutboundHttp {
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<String> CREDENTIALS = Set.of("authorization", "cookie", "proxy-authorization");

    /**
     * @param headers sent along; those with credentials only to the first origin
     * @param follows whether a redirect is followed, or is the answer itself
     */
    public record Call(
            HttpMethod method,
            WebAddress address,
            Map<String, String> headers,
            Optional<ByteString> json,
            long largest,
            boolean follows) {
        public Call {
            headers = Map.copyOf(headers);
        }

        public Call withHeader(String name, String value) {
            Map<String, String> more = new java.util.HashMap<>(headers);
            more.put(name, value);
            return new Call(method, address, more, json, largest, follows);
        }

        /** Redirects are the caller's business. */
        public Call withoutRedirects() {
            return new Call(method, address, headers, json, largest, false);
        }
    }

    private final ActorSystem<?> system;
    private final OutboundSettings settings;
    private final ConnectionPoolSettings pool;

    public OutboundHttp(ActorSystem<?> system, OutboundSettings settings, AddressGuard guard) {
        this.system = system;
        this.settings = settings;
        ClientTransport checked = ClientTransport.withCustomResolver((host, port) ->
                guard.resolve(host).thenApply(address -> new InetSocketAddress(address, (Integer) port)));
        this.pool = ConnectionPoolSettings.create(system.classicSystem())
                .withMaxRetries(0)
                .withMaxConnections(4)
                .withMaxOpenRequests(256)
                .withIdleTimeout(scala.concurrent.duration.Duration.create(10, TimeUnit.SECONDS))
                .withConnectionSettings(ClientConnectionSettings.create(system.classicSystem())
                        .withTransport(checked)
                        .withConnectingTimeout(scala.concurrent.duration.Duration.create(
                                settings.connect().toMillis(), TimeUnit.MILLISECONDS))
                        .withIdleTimeout(scala.concurrent.duration.Duration.create(
                                settings.total().toMillis(), TimeUnit.MILLISECONDS)));
    }

    public Call get(WebAddress address) {
        return new Call(HttpMethods.GET, address, Map.of(), Optional.empty(), settings.largest(), true);
    }

    public Call post(WebAddress address, ByteString json) {
        return new Call(HttpMethods.POST, address, Map.of(), Optional.of(json), settings.largest(), true);
    }

    /** Never fails: what went wrong is a {@link Failed}. */
    public CompletionStage<Fetched> fetch(Call call) {
        return hop(call, call.address(), call.method(), List.of())
                .toCompletableFuture()
                .completeOnTimeout(
                        new Failed(Reason.TIMEOUT, "No complete answer within " + seconds(settings.total())),
                        settings.total().toMillis(),
                        TimeUnit.MILLISECONDS)
                .exceptionally(OutboundHttp::failed);
    }

    private CompletionStage<Fetched> hop(Call call, WebAddress address, HttpMethod method, List<WebAddress> passed) {
        Materializer materializer = Materializer.matFromSystem(system);
        return Http.get(system)
                .singleRequest(
                        request(call, address, method),
                        Http.get(system).defaultClientHttpsContext(),
                        pool,
                        system.classicSystem().log())
                .thenCompose(response -> {
                    Optional<String> location = call.follows()
                                    && REDIRECTS.contains(response.status().intValue())
                            ? response.getHeader("Location").map(h -> h.value())
                            : Optional.empty();
                    if (location.isEmpty()) {
                        return answer(call, address, passed, response, materializer);
                    }
                    response.discardEntityBytes(materializer);
                    if (passed.size() >= settings.redirects()) {
                        return done(new Failed(
                                Reason.TOO_MANY_REDIRECTS, "More than " + settings.redirects() + " redirects"));
                    }
                    Optional<WebAddress> next = address.resolve(location.get());
                    if (next.isEmpty()) {
                        return done(new Failed(Reason.BAD_ADDRESS, "Redirected to what is not a web address"));
                    }
                    List<WebAddress> more = new ArrayList<>(passed);
                    more.add(address);
                    int status = response.status().intValue();
                    // RFC 9110: 307 and 308 keep the method; the others become GET for everything but GET and HEAD.
                    HttpMethod then = status == 307 || status == 308 || method.equals(HttpMethods.HEAD)
                            ? method
                            : HttpMethods.GET;
                    return hop(call, next.get(), then, more);
                });
    }

    private HttpRequest request(Call call, WebAddress address, HttpMethod method) {
        HttpRequest request = HttpRequest.create()
                .withMethod(method)
                .withUri(address.uri())
                .addHeader(RawHeader.create("User-Agent", settings.userAgent()))
                .addHeader(RawHeader.create("Accept-Encoding", "gzip, deflate"));
        boolean home = address.sameOrigin(call.address());
        for (Map.Entry<String, String> header : call.headers().entrySet()) {
            if (home || !CREDENTIALS.contains(header.getKey().toLowerCase(Locale.ROOT))) {
                request = request.addHeader(RawHeader.create(header.getKey(), header.getValue()));
            }
        }
        return call.json().isPresent() && !method.equals(HttpMethods.GET)
                ? request.withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON, call.json().get()))
                : request;
    }

    /** The body, counted after decompression: a bomb is cut where it grows too large. */
    private CompletionStage<Fetched> answer(
            Call call, WebAddress address, List<WebAddress> passed, HttpResponse response, Materializer materializer) {
        return decoded(response)
                .entity()
                .withoutSizeLimit()
                .getDataBytes()
                .completionTimeout(settings.total())
                .limitWeighted(call.largest(), bytes -> (long) bytes.size())
                .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
                .thenApply(body -> {
                    List<Pair<String, String>> headers = new ArrayList<>();
                    response.getHeaders().forEach(h -> headers.add(Pair.create(h.name(), h.value())));
                    headers.add(Pair.create(
                            "Content-Type", response.entity().getContentType().toString()));
                    return new Fetched.Answer(address, passed, response.status().intValue(), headers, body.compact());
                });
    }

    private static HttpResponse decoded(HttpResponse response) {
        String coding = response.getHeader("Content-Encoding")
                .map(h -> h.value().strip().toLowerCase(Locale.ROOT))
                .orElse("identity");
        return switch (coding) {
            case "gzip", "x-gzip" -> Coder.Gzip.decodeMessage(response);
            case "deflate" -> Coder.Deflate.decodeMessage(response);
            default -> response;
        };
    }

    /** The client wraps what went wrong in layers of its own; the first one that says something counts. */
    private static Fetched failed(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case AddressGuard.Refused refused -> {
                    return new Failed(Reason.REFUSED_ADDRESS, String.valueOf(refused.getMessage()));
                }
                case UnknownHostException _ -> {
                    return new Failed(Reason.UNKNOWN_HOST, "There is no such host");
                }
                case SSLException e -> {
                    return new Failed(Reason.TLS, "No secure connection: " + e.getMessage());
                }
                case TimeoutException _ -> {
                    return new Failed(Reason.TIMEOUT, "No answer in time");
                }
                case StreamLimitReachedException _ -> {
                    return new Failed(Reason.TOO_LARGE, "The answer is larger than what is read");
                }
                case StreamTcpException _ -> {
                    return new Failed(Reason.CONNECT, "The host does not accept connections");
                }
                default -> {}
            }
        }
        return new Failed(Reason.BROKEN, "The answer is broken or was cut off");
    }

    private static CompletionStage<Fetched> done(Fetched fetched) {
        return CompletableFuture.completedFuture(fetched);
    }

    private static String seconds(Duration time) {
        return time.toSeconds() + " s";
    }
}
