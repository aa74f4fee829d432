package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.Sealed;
import java.util.Optional;

/**
 * What a knowledge base is called and how it speaks. Texts are sealed under the knowledge base's own key.
 *
 * @param provider configured name of a model provider
 * @param active answers questions
 */
public record Profile(
        Sealed name,
        Optional<Sealed> description,
        String provider,
        String model,
        Optional<Sealed> systemPrompt,
        double temperature,
        int maxTokens,
        boolean active) {}
