package io.kvasir.llm.openai;

import io.kvasir.llm.ChatModel;
import io.kvasir.llm.Price;
import java.net.URI;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.HttpCredentials;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.http.javadsl.settings.ConnectionPoolSettings;
import org.apache.pekko.stream.javadsl.Source;

/** A provider that speaks OpenAI's chat completions, streamed. One call is one {@link CompletionCall}. */
public final class OpenAiChatModel implements ChatModel {
    private final OpenAiSettings settings;
    private final URI endpoint;
    private final Http http;
    private final HttpsConnectionContext tls;
    private final ConnectionPoolSettings pool;
    private final ActorSystem<?> system;

    public OpenAiChatModel(ActorSystem<?> system, OpenAiSettings settings) {
        this.system = system;
        this.settings = settings;
        this.endpoint = URI.create(settings.baseUrl().toString().replaceFirst("/+$", "") + "/chat/completions");
        this.http = Http.get(system);
        this.tls = http.defaultClientHttpsContext();
        this.pool = pool(system, settings);
    }

    private static ConnectionPoolSettings pool(ActorSystem<?> system, OpenAiSettings settings) {
        OpenAiSettings.Timeouts timeouts = settings.timeouts();
        // The call watches its own time; the connection only has to outlive what the call allows.
        java.time.Duration silence =
                timeouts.firstToken().compareTo(timeouts.idle()) > 0 ? timeouts.firstToken() : timeouts.idle();
        ConnectionPoolSettings defaults = ConnectionPoolSettings.create(system.classicSystem());
        ClientConnectionSettings connection = defaults.getConnectionSettings()
                .withConnectingTimeout(timeouts.connect())
                .withIdleTimeout(scala.concurrent.duration.Duration.fromNanos(
                        silence.plusSeconds(5).toNanos()));
        return defaults.withConnectionSettings(connection)
                .withMaxConnections(settings.pool().connections())
                .withMaxOpenRequests(settings.pool().waiting())
                .withPipeliningLimit(1)
                // The pool would repeat nothing that may have cost money; the call does so, before the first token.
                .withMaxRetries(0)
                // Default 2 min: after an outage every new call would wait for it.
                .withBaseConnectionBackoff(java.time.Duration.ofMillis(20))
                .withMaxConnectionBackoff(java.time.Duration.ofMillis(500))
                // Default 1 s: on a busy machine the reply would be thrown away before its reader comes.
                .withResponseEntitySubscriptionTimeout(java.time.Duration.ofSeconds(15));
    }

    @Override
    public Source<Part, NotUsed> stream(Request request) {
        return Source.fromGraph(new CompletionCall(this, settings, request, RandomGenerator.getDefault()));
    }

    @Override
    public String provider() {
        return settings.name();
    }

    CompletionStage<HttpResponse> send(Request request) {
        HttpRequest post = HttpRequest.POST(endpoint.toString())
                .withEntity(HttpEntities.create(
                        ContentTypes.APPLICATION_JSON, RequestBody.of(request, settings.limitField())));
        return http.singleRequest(
                settings.apiKey()
                        .map(key -> post.addCredentials(HttpCredentials.createOAuth2BearerToken(key)))
                        .orElse(post),
                tls,
                pool,
                system.classicSystem().log());
    }

    ActorSystem<?> system() {
        return system;
    }

    Price price(String model) {
        Price price = settings.prices().get(model);
        return price == null ? Price.NONE : price;
    }
}
