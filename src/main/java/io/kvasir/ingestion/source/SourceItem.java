package io.kvasir.ingestion.source;

import io.kvasir.kernel.SourceId;
import java.time.Instant;
import java.util.Optional;

/**
 * One thing of a source, as its owner sees it.
 *
 * @param key address, message id
 * @param thread what it belongs together with: a mail's conversation
 * @param searchable searches find a version of it
 * @param problem why it could not be read last, or why nothing of it is kept
 */
public record SourceItem(
        SourceId id,
        String key,
        Optional<String> thread,
        boolean searchable,
        long size,
        Optional<SourceEntry.Problem> problem,
        Instant changedAt) {}
