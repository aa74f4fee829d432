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
        if (second == null || second == provider || !offers(fallback.provider(), fallback.model())) {
            throw new IllegalArgumentException("provider " + provider.name() + " cannot fall back to "
                    + fallback.provider() + " with model " + fallback.model());
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

    /** What a person may choose from, in the order of the configuration. */
    public List<Offer> offers() {
        return providers.values().stream()
                .map(provider -> new Offer(
                        provider.name(),
                        provider.kind(),
                        provider.models().stream()
                                .map(model -> new Offer.Model(
                                        model,
                                        Optional.ofNullable(provider.prices().get(model))))
                                .toList(),
                        provider.models().isEmpty(),
                        provider.fallback()))
                .toList();
    }

    /** How each provider fares, in the order of the configuration. Calls nobody. */
    public List<ProviderHealth> health() {
        return providers.values().stream()
                .map(provider -> provider.model().health())
                .toList();
    }

    /**
     * One provider in a list to choose from. No key and no address is in it.
     *
     * @param kind the protocol: {@code extractive}, {@code openai}, {@code anthropic}, {@code gemini}
     * @param models the default first
     * @param anyModel any name is passed on to the provider
     */
    public record Offer(
            String provider, String kind, List<Model> models, boolean anyModel, Optional<Fallback> fallback) {
        public Offer {
            models = List.copyOf(models);
        }

        /** @param price empty where none is known */
        public record Model(String name, Optional<Price> price) {}
    }

    /**
     * @param kind the protocol it speaks
     * @param models what it offers, the default first; empty where any name is passed on
     * @param fallback who answers where this one fails before its first token; it has no fallback of its own then
     */
    public record Provider(
            ChatModel model, String kind, List<String> models, Map<String, Price> prices, Optional<Fallback> fallback) {
        public Provider {
            models = List.copyOf(models);
            prices = Map.copyOf(prices);
        }

        /** One without a price list, of the kind it is named after. */
        public Provider(ChatModel model, List<String> models, Optional<Fallback> fallback) {
            this(model, model.provider(), models, Map.of(), fallback);
        }

        public String name() {
            return model.provider();
        }
    }

    /** @param model a model of that provider */
    public record Fallback(String provider, String model) {}
}
