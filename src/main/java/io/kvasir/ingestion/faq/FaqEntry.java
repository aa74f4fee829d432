package io.kvasir.ingestion.faq;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Optional;

/**
 * A question with its answer.
 *
 * @param metadata a JSON object of the owner's own
 * @param language BCP 47
 */
record FaqEntry(
        String id,
        String question,
        String answer,
        Optional<JsonNode> metadata,
        Optional<String> language,
        Instant createdAt,
        Instant updatedAt) {}
