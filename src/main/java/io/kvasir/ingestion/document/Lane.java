package io.kvasir.ingestion.document;

import java.util.Comparator;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** So many at once; of those who wait, whoever came to the house first. */
final class Lane {
    private final PriorityQueue<Place> waiting = new PriorityQueue<>(Comparator.comparingLong(Place::ticket));
    private int free;

    /** One who waits, or is in. */
    final class Place {
        private final long ticket;
        private final CompletableFuture<Void> granted = new CompletableFuture<>();
        private boolean left;

        private Place(long ticket) {
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

    /** @param ticket lower ones go first */
    Place ask(long ticket) {
        Place place = new Place(ticket);
        synchronized (this) {
            if (free == 0) {
                waiting.add(place);
                return place;
            }
            free--;
        }
        place.granted.complete(null);
        return place;
    }

    private void leave(Place place) {
        Optional<Place> next = Optional.empty();
        synchronized (this) {
            if (place.left) {
                return;
            }
            place.left = true;
            if (!waiting.remove(place)) {
                next = Optional.ofNullable(waiting.poll());
                if (next.isEmpty()) {
                    free++;
                }
            }
        }
        next.ifPresent(n -> n.granted.complete(null));
    }
}
