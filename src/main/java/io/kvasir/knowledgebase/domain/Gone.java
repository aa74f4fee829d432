package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.SourceId;
import java.time.Duration;
import java.time.Instant;

/**
 * A document that was removed. The request that added it may be repeated, where nobody heard what came of it; it does not
 * come back by that: the index never shows again what it hid, and may still be sweeping it.
 */
public record Gone(SourceId document, Instant at) {
    /** Longer than any request is repeated with the id it had. */
    private static final Duration REMEMBERED = Duration.ofDays(2);

    boolean remembered(Instant now) {
        return now.isBefore(at.plus(REMEMBERED));
    }
}
