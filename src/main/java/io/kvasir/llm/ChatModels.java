package io.kvasir.llm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The providers this server was configured with, by name. Who may use which is not decided here. */
public final class ChatModels {
    /** Name of the built-in answerer. */
    public static final String EXTRACTIVE = "extractive";

    private final Map<String, Provider> providers = new LinkedHashMap<>();
    private final Map<String, ChatModel> answering = new LinkedHashMap<>();

    /**
     * @throws IllegalArgumentException where a name stands twice, or a fallback is unknown or
     *     the provider itself
     */
    public ChatModels(List<Provider> configured) {
        for (Provider provider : configured) {
            if (providers.put(provider.name(), provider) != null) {
                throw new IllegalArgumentException("provider " + provider.name() + " is configured twice");
            }
        }
        for (Provider provider : configured) {
            answering.put(provider.name(), withFallback(provider));
        }
    }

    private ChatModel withFallback(Provider provider) {
        if (provider.fallback().isEmpty()) {
            return provider.model();
        }
        Fallback fallback = provider.fallback().get();
        Provider second = providers.get(fallback.provider());
        if (second == null || second == provider) {
            throw new IllegalArgumentException(
                    "provider " + provider.name() + " cannot fall back to " + fallback.provider());
        }
        return new FallbackChatModel(provider.model(), second.model(), fallback.model());
    }

    /** The model behind a provider's name, its fallback included. */
    public Optional<ChatModel> find(String provider) {
        return Optional.ofNullable(answering.get(provider));
    }

    /** In the order of the configuration: what a person may choose from. */
    public List<Provider> providers() {
        return List.copyOf(providers.values());
    }

    /** Whether this provider offers this model. A provider without a list takes any. */
    public boolean offers(String provider, String model) {
        Provider found = providers.get(provider);
        return found != null && (found.models().isEmpty() || found.models().contains(model));
    }

    /**
     * @param models what it offers, the default first; empty where any name is passed on
     * @param fallback who answers where this one fails before its first token; it has no fallback of its own then
     */
    public record Provider(ChatModel model, List<String> models, Optional<Fallback> fallback) {
        public Provider {
            models = List.copyOf(models);
        }

        public String name() {
            return model.provider();
        }
    }

    /** @param model a model of that provider */
    public record Fallback(String provider, String model) {}
}
