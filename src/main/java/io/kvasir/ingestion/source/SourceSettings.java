package io.kvasir.ingestion.source;

import java.time.Duration;

/**
 * How sources are kept fresh.
 *
 * @param visitsAtOnce of a node; interactive ones come beside them, and the first of each tenant
 * @param visitsAtMost of a node, with the first of each tenant
 * @param visitsOfTenant most of these for one tenant
 * @param itemsInHand items of one visit that are embedded at once
 * @param publishEvery what was read is shown so often while a visit goes on
 * @param look how often each node looks for what is due
 * @param lease how long a node that says nothing keeps a visit
 * @param retryFirst after the first failure it is tried again; doubles with each further one
 * @param retryLongest and no longer than this
 * @param mostFailures in a row, then the source pauses
 * @param keptRuns of the history of each source
 * @param mostSources of one knowledge base
 */
public record SourceSettings(
        int visitsAtOnce,
        int visitsAtMost,
        int visitsOfTenant,
        int itemsInHand,
        Duration publishEvery,
        Duration look,
        Duration lease,
        Duration retryFirst,
        Duration retryLongest,
        int mostFailures,
        int keptRuns,
        int mostSources) {
    public SourceSettings {
        if (visitsAtOnce < 1 || visitsOfTenant < 1 || itemsInHand < 1 || mostFailures < 1 || keptRuns < 1) {
            throw new IllegalArgumentException("sources: counts must be 1 or more");
        }
        if (visitsAtMost < visitsAtOnce) {
            throw new IllegalArgumentException("sources: visits-at-most must be visits-at-once at least");
        }
        if (lease.compareTo(look.multipliedBy(3)) < 0) {
            throw new IllegalArgumentException("sources: lease must be three times look at least");
        }
    }
}
