package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.llm.provider.Upstream;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Embedders;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import io.kvasir.retrieval.remote.GeminiEmbeddings;
import io.kvasir.retrieval.remote.OpenAiEmbeddings;
import io.kvasir.retrieval.remote.RemoteEmbedder;
import io.kvasir.retrieval.remote.RemoteEmbedderSettings;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * Embedding models of the configuration.
 *
 * @param chosen the one this server's index is built with
 * @param remote those behind HTTP whose provider is offered; the built-in one stands beside them
 * @param remembered vectors each of them remembers
 */
record Embedding(String chosen, List<Remote> remote, RememberingEmbedder.Size remembered) {
    /** @param sendDimensions whether the model can be asked for a number of dimensions */
    record Remote(
            Providers.Kind kind, ProviderSettings provider, RemoteEmbedderSettings settings, boolean sendDimensions) {}

    /** @param retrieval {@code kvasir.retrieval} */
    static Embedding of(Config retrieval, Providers providers) {
        List<Remote> remote = new ArrayList<>();
        Config embedders = retrieval.getConfig("embedders");
        for (String name : embedders.root().keySet().stream().sorted().toList()) {
            Config e = embedders.getConfig("\"" + name + "\"");
            Optional<Providers.Provider> provider = providers.all().stream()
                    .filter(p -> p.settings().name().equals(e.getString("provider")))
                    .findFirst();
            if (provider.isPresent()) {
                Providers.Kind kind = provider.get().kind();
                if (kind == Providers.Kind.ANTHROPIC) {
                    throw new IllegalArgumentException("embedder " + name + " names a provider that has no embeddings");
                }
                remote.add(new Remote(
                        kind,
                        provider.get().settings(),
                        new RemoteEmbedderSettings(
                                name,
                                e.getString("model"),
                                e.getInt("dimensions"),
                                e.getInt("max-tokens"),
                                e.getInt("batch-texts"),
                                e.getInt("batch-tokens"),
                                e.getInt("calls-at-once")),
                        e.getBoolean("send-dimensions")));
            }
        }
        String chosen = retrieval.getString("embedder");
        // Said before an index is marked as built with another model.
        if (!chosen.equals(OnnxEmbedder.NAME)
                && remote.stream().noneMatch(r -> r.settings().name().equals(chosen))) {
            throw new IllegalArgumentException(
                    "kvasir.retrieval.embedder names " + chosen + ", which is neither the built-in " + OnnxEmbedder.NAME
                            + " nor an embedder of an offered provider");
        }
        Config remembered = retrieval.getConfig("remembered-vectors");
        return new Embedding(
                chosen,
                List.copyOf(remote),
                new RememberingEmbedder.Size(remembered.getInt("questions"), remembered.getInt("sentences")));
    }

    /** What the chosen model's vectors are like; known before anything is connected. */
    VectorSpace space(Supplier<Embedder> builtIn) {
        return remote.stream()
                .map(Remote::settings)
                .filter(s -> s.name().equals(chosen))
                .map(s -> new VectorSpace(s.name(), s.dimensions()))
                .findFirst()
                .orElseGet(() -> VectorSpace.of(builtIn.get()));
    }

    RememberingEmbedder remembering(Embedder embedder) {
        return new RememberingEmbedder(embedder, remembered);
    }

    /** @throws IllegalArgumentException where the chosen one is not offered */
    Embedders open(RememberingEmbedder builtIn, ActorSystem<?> system, Clock clock) {
        List<Embedder> all = new ArrayList<>();
        all.add(builtIn);
        for (Remote r : remote) {
            all.add(remembering(new RemoteEmbedder(
                    new Upstream(system, r.provider(), clock),
                    r.kind() == Providers.Kind.GEMINI
                            ? new GeminiEmbeddings()
                            : new OpenAiEmbeddings(r.sendDimensions()),
                    r.settings())));
        }
        return new Embedders(all, chosen);
    }
}
