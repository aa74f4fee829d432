package io.kvasir.ingestion.source;

import java.util.Optional;

/**
 * A kind of source: a site, a mailbox, a list of questions. It knows how to get at the things there and nothing else: when,
 * by whom, how often, what is new, what of it is embedded and what becomes of a crash is the ledger's business. A new kind
 * is a class of this type, handed to {@link Ledger}, and a test that extends {@code SourceContract}.
 */
public interface SourceKind {
    /** Stable, in kebab-case; stands in rows. */
    String name();

    /**
     * Gets ready to read the source once; blocking, on a virtual thread.
     *
     * @throws SourceFault where it can't be read at all
     */
    Visit visit(Opened source) throws SourceFault;

    /** Whether everything is to be read whole once its owner changed the settings: what is remembered was of the old ones. */
    default boolean readsAnew(String before, String now) {
        return false;
    }

    /** What a thing belongs together with, of what is remembered of it. */
    default Optional<String> thread(String marks) {
        return Optional.empty();
    }

    /** Its settings as their owner may take them away: without what is secret. */
    String shown(String settings);

    /** Whether somebody waits for it: such visits wait for no others, and their items go before backfill. */
    default boolean interactive() {
        return false;
    }
}
