package io.kvasir.ingestion.document;

import io.kvasir.ingestion.Ingestion.Urgency;
import io.kvasir.kernel.TenantId;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * So many at once. Of those who wait, whoever somebody waits for goes before backfill, then the tenants take turns, and of
 * one tenant's whoever came to the house first.
 */
final class Lane {
    private final List<Map<TenantId, PriorityQueue<Place>>> waiting =
            List.of(new LinkedHashMap<>(), new LinkedHashMap<>());
    private int free;

    /** One who waits, or is in. */
    final class Place {
        private final TenantId tenant;
        private final Urgency urgency;
        private final long ticket;
        private final CompletableFuture<Void> granted = new CompletableFuture<>();
        private boolean left;

        private Place(TenantId tenant, Urgency urgency, long ticket) {
            this.tenant = tenant;
            this.urgency = urgency;
            this.ticket = ticket;
        }

        private long ticket() {
            return ticket;
        }

        CompletionStage<Void> granted() {
            return granted;
        }

        /** Gives the place back, or no longer waits for it; a second time nothing happens. */
        void leave() {
            Lane.this.leave(this);
        }
    }

    Lane(int places) {
        this.free = places;
    }

    /** @param ticket lower ones of the same tenant go first */
    Place ask(TenantId tenant, Urgency urgency, long ticket) {
        Place place = new Place(tenant, urgency, ticket);
        synchronized (this) {
            if (free == 0) {
                waiting.get(urgency.ordinal())
                        .computeIfAbsent(tenant, _ -> new PriorityQueue<>(Comparator.comparingLong(Place::ticket)))
                        .add(place);
                return place;
            }
            free--;
        }
        place.granted.complete(null);
        return place;
    }

    private boolean forgets(Place place) {
        Map<TenantId, PriorityQueue<Place>> queues = waiting.get(place.urgency.ordinal());
        PriorityQueue<Place> queue = queues.get(place.tenant);
        if (queue == null || !queue.remove(place)) {
            return false;
        }
        if (queue.isEmpty()) {
            queues.remove(place.tenant);
        }
        return true;
    }

    /** The tenant whose turn it is goes to the end of the row. */
    private Optional<Place> next() {
        for (Map<TenantId, PriorityQueue<Place>> queues : waiting) {
            if (!queues.isEmpty()) {
                TenantId tenant = queues.keySet().iterator().next();
                PriorityQueue<Place> queue = queues.remove(tenant);
                Optional<Place> first = Optional.ofNullable(queue).map(PriorityQueue::poll);
                if (queue != null && !queue.isEmpty()) {
                    queues.put(tenant, queue);
                }
                return first;
            }
        }
        return Optional.empty();
    }

    private void leave(Place place) {
        Optional<Place> next = Optional.empty();
        synchronized (this) {
            if (place.left) {
                return;
            }
            place.left = true;
            if (!forgets(place)) {
                next = next();
                if (next.isEmpty()) {
                    free++;
                }
            }
        }
        next.ifPresent(n -> n.granted.complete(null));
    }
}
