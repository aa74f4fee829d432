package io.kvasir.privacy;

import java.time.Instant;
import java.util.List;

/**
 * What was erased, store by store.
 *
 * @param what {@code person}, {@code knowledge-base} or {@code tenant}
 * @param complete nothing is left in any of them
 */
public record Receipt(String what, String id, Instant at, boolean complete, List<Store> stores) {
    /** @param erased how many things there were; @param left how many were found afterwards, by looking again */
    public record Store(String store, long erased, long left, String how) {}

    static Receipt of(String what, String id, Instant at, List<Store> stores) {
        return new Receipt(what, id, at, stores.stream().allMatch(s -> s.left() == 0), stores);
    }
}
