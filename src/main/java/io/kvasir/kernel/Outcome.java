package io.kvasir.kernel;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** What a façade answers: the value, or the refusal. Exceptions are left for bugs and broken I/O. */
public sealed interface Outcome<T> {
    record Done<T>(T value) implements Outcome<T> {}

    record Refused<T>(Rejection rejection) implements Outcome<T> {}

    static <T> Outcome<T> done(T value) {
        return new Done<>(value);
    }

    static <T> Outcome<T> refused(Rejection rejection) {
        return new Refused<>(rejection);
    }

    default <R> Outcome<R> map(Function<? super T, ? extends R> change) {
        return switch (this) {
            case Done<T>(T value) -> new Done<>(change.apply(value));
            case Refused<T>(Rejection rejection) -> new Refused<>(rejection);
        };
    }

    /** What follows a value; a refusal stays what it is. */
    default <R> CompletionStage<Outcome<R>> then(Function<? super T, ? extends CompletionStage<Outcome<R>>> next) {
        return switch (this) {
            case Done<T>(T value) -> next.apply(value);
            case Refused<T>(Rejection rejection) -> CompletableFuture.completedFuture(new Refused<>(rejection));
        };
    }
}
