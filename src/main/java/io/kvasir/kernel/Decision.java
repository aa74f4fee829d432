package io.kvasir.kernel;

import java.util.List;

/** What a domain decides about a command: the events that follow (none: nothing to do), or why not. */
public sealed interface Decision<E> {
    record Accept<E>(List<E> events) implements Decision<E> {
        public Accept {
            events = List.copyOf(events);
        }
    }

    record Reject<E>(Rejection reason) implements Decision<E> {}

    @SafeVarargs
    static <E> Decision<E> accept(E... events) {
        return new Accept<>(List.of(events));
    }

    static <E> Decision<E> reject(Rejection reason) {
        return new Reject<>(reason);
    }
}
