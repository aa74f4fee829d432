package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.Price;
import io.kvasir.llm.openai.OpenAiSettings;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Model providers of the configuration. */
record Providers(List<Provider> all) {
    /** @param models the first is the default */
    record Provider(OpenAiSettings settings, List<String> models, Optional<ChatModels.Fallback> fallback) {}

    /** Those that can be called: with a key, or at an address of the operator's own. */
    static Providers of(Config providers) {
        List<Provider> all = new ArrayList<>();
        for (String name : providers.root().keySet()) {
            Config p = providers.getConfig("\"" + name + "\"");
            String url = p.getString("base-url");
            Optional<String> key = p.hasPath("api-key") ? Optional.of(p.getString("api-key")) : Optional.empty();
            if (key.filter(k -> !k.isBlank()).isEmpty() && url.equals("https://api.openai.com/v1")) {
                continue;
            }
            all.add(new Provider(
                    settings(name, url, key.filter(k -> !k.isBlank()), p),
                    p.getStringList("models"),
                    p.hasPath("fallback")
                            ? Optional.of(new ChatModels.Fallback(
                                    p.getString("fallback.provider"), p.getString("fallback.model")))
                            : Optional.empty()));
        }
        return new Providers(List.copyOf(all));
    }

    private static OpenAiSettings settings(String name, String url, Optional<String> key, Config p) {
        Map<String, Price> prices = new HashMap<>();
        for (Map.Entry<String, ConfigValue> model : p.getConfig("prices").root().entrySet()) {
            Config price = p.getConfig("prices").getConfig("\"" + model.getKey() + "\"");
            prices.put(model.getKey(), new Price(price.getLong("prompt-micros"), price.getLong("completion-micros")));
        }
        return new OpenAiSettings(
                name,
                URI.create(url),
                key,
                prices,
                p.getString("limit-field"),
                new OpenAiSettings.Timeouts(
                        p.getDuration("timeouts.connect"),
                        p.getDuration("timeouts.first-token"),
                        p.getDuration("timeouts.idle"),
                        p.getDuration("timeouts.total")),
                new OpenAiSettings.Retries(
                        p.getInt("retries.attempts"), p.getDuration("retries.first"), p.getDuration("retries.longest")),
                new OpenAiSettings.Pool(p.getInt("pool.connections"), p.getInt("pool.waiting")));
    }
}
