package io.kvasir.answering;

/** Milliseconds since it was made. */
final class Stopwatch {
    private final long started = System.nanoTime();

    double ms() {
        return Math.round((System.nanoTime() - started) / 1e4) / 100.0;
    }
}
