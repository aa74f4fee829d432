package io.kvasir.bootstrap;

import io.kvasir.answering.EmbeddedSentences;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.anthropic.AnthropicFormat;
import io.kvasir.llm.extractive.ExtractiveChatModel;
import io.kvasir.llm.gemini.GeminiFormat;
import io.kvasir.llm.openai.OpenAiFormat;
import io.kvasir.llm.provider.StreamedChatModel;
import io.kvasir.llm.provider.Upstream;
import io.kvasir.llm.provider.WireFormat;
import io.kvasir.retrieval.RememberingEmbedder;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.typed.ActorSystem;

/** The chat models of the configuration, the built-in one first. */
final class Models {
    private Models() {}

    /** @param watched puts a watch on each model */
    static ChatModels of(
            Providers providers,
            RememberingEmbedder embedder,
            ActorSystem<?> system,
            Clock clock,
            UnaryOperator<ChatModel> watched) {
        List<ChatModels.Provider> all = new ArrayList<>();
        all.add(new ChatModels.Provider(
                watched.apply(new ExtractiveChatModel(new EmbeddedSentences(embedder))),
                List.of(ChatModels.EXTRACTIVE),
                Optional.empty()));
        for (Providers.Provider provider : providers.all()) {
            Upstream upstream = new Upstream(system, provider.settings(), clock);
            all.add(new ChatModels.Provider(
                    watched.apply(new StreamedChatModel(upstream, format(provider), provider.prices())),
                    provider.kind().toString(),
                    provider.models(),
                    provider.prices(),
                    provider.fallback()));
        }
        return new ChatModels(all);
    }

    private static WireFormat format(Providers.Provider provider) {
        return switch (provider.kind()) {
            case OPENAI -> new OpenAiFormat(provider.limitField(), provider.temperature(), provider.reasoningTokens());
            case ANTHROPIC -> new AnthropicFormat(provider.reasoningTokens());
            case GEMINI -> new GeminiFormat(provider.reasoningTokens());
        };
    }
}
