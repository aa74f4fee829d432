package io.kvasir.kernel;

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
}
