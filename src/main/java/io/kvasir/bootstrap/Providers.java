package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.Price;
import io.kvasir.llm.provider.ProviderSettings;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Model providers of the configuration. */
record Providers(List<Provider> all) {
    /** These want a key, whatever the configuration says. */
    private static final Set<String> PAID =
            Set.of("api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com");

    /** The protocol a provider speaks. */
    enum Kind {
        OPENAI,
        ANTHROPIC,
        GEMINI;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * @param models the first is the default
     * @param limitField for {@link Kind#OPENAI}, what it calls the most tokens of a reply
     * @param temperature for {@link Kind#OPENAI}, whether to send one
     * @param reasoningTokens what a model may think beyond the reply's own limit
     */
    record Provider(
            Kind kind,
            ProviderSettings settings,
            List<String> models,
            Map<String, Price> prices,
            String limitField,
            boolean temperature,
            int reasoningTokens,
            Optional<ChatModels.Fallback> fallback) {}

    /** Those that can be called: with a key, or at an address of the operator's own. @param llm {@code kvasir.llm} */
    static Providers of(Config llm) {
        List<Provider> all = new ArrayList<>();
        Config providers = llm.getConfig("providers");
        for (String name : providers.root().keySet().stream().sorted().toList()) {
            Config p = providers.getConfig("\"" + name + "\"").withFallback(llm.getConfig("call"));
            String url = p.getString("base-url");
            Optional<String> key =
                    p.hasPath("api-key") ? Optional.of(p.getString("api-key").strip()) : Optional.empty();
            key = key.filter(k -> !k.isEmpty());
            if (url.isBlank()
                    || (key.isEmpty()
                            && PAID.contains(String.valueOf(URI.create(url).getHost())))) {
                continue;
            }
            all.add(new Provider(
                    kind(name, p.getString("kind")),
                    settings(name, url, key, p),
                    p.getStringList("models"),
                    prices(p.getConfig("prices")),
                    p.getString("limit-field"),
                    p.getBoolean("temperature"),
                    p.getInt("reasoning-tokens"),
                    p.hasPath("fallback")
                            ? Optional.of(new ChatModels.Fallback(
                                    p.getString("fallback.provider"), p.getString("fallback.model")))
                            : Optional.empty()));
        }
        return new Providers(List.copyOf(all));
    }

    /** What a model costs; one without a price costs nothing. */
    Price price(String provider, String model) {
        return all.stream()
                .filter(p -> p.settings().name().equals(provider))
                .findFirst()
                .map(p -> p.prices().getOrDefault(model, Price.NONE))
                .orElse(Price.NONE);
    }

    private static Kind kind(String name, String kind) {
        for (Kind known : Kind.values()) {
            if (known.toString().equals(kind)) {
                return known;
            }
        }
        throw new IllegalArgumentException("kind of provider " + name + " must be openai, anthropic or gemini");
    }

    private static Map<String, Price> prices(Config list) {
        Map<String, Price> prices = new HashMap<>();
        for (Map.Entry<String, ConfigValue> model : list.root().entrySet()) {
            Config price = list.getConfig("\"" + model.getKey() + "\"");
            long prompt = price.getLong("prompt-micros");
            prices.put(
                    model.getKey(),
                    new Price(
                            prompt,
                            price.getLong("completion-micros"),
                            price.hasPath("cached-micros") ? price.getLong("cached-micros") : prompt));
        }
        return prices;
    }

    private static ProviderSettings settings(String name, String url, Optional<String> key, Config p) {
        return new ProviderSettings(
                name,
                URI.create(url),
                key,
                new ProviderSettings.Timeouts(
                        p.getDuration("timeouts.connect"),
                        p.getDuration("timeouts.first-token"),
                        p.getDuration("timeouts.idle"),
                        p.getDuration("timeouts.total")),
                new ProviderSettings.Retries(
                        p.getInt("retries.attempts"), p.getDuration("retries.first"), p.getDuration("retries.longest")),
                new ProviderSettings.Pool(p.getInt("pool.connections"), p.getInt("pool.waiting")),
                new ProviderSettings.Limits(p.getInt("limits.requests-per-minute")),
                new ProviderSettings.Pause(p.getInt("pause.after"), p.getDuration("pause.length")));
    }
}
