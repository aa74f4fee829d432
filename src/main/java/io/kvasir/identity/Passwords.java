package io.kvasir.identity;

import com.password4j.Argon2Function;
import com.password4j.BcryptFunction;
import com.password4j.HashingFunction;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.kvasir.http.Problems;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Argon2id hashes (OWASP: 19 MiB, 2 passes, 1 lane) on a small pool of its own, so that a wave of logins can neither
 * starve the chat nor exhaust memory. Hashes by bcrypt, from older systems, are still understood.
 */
final class Passwords implements AutoCloseable {
    /** Half of the processors: the other half is for those who are in. Each takes 19 MiB. */
    private static final int AT_ONCE = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    /** Some seconds of work; who comes later is told to come again. */
    private static final int WAITING = 100;

    private static final Argon2Function ARGON2 = Argon2Function.getInstance(19_456, 2, 1, 32, Argon2.ID);

    /**
     * What an unknown e-mail address is checked against, so that it takes as long as a known one: of 32 random bytes nobody
     * kept, by {@link #ARGON2}. To make one at each start would cost the start what a login costs.
     */
    static final String NOBODY =
            "$argon2id$v=19$m=19456,t=2,p=1$kZ6hpLSmuSeomGfNQ9nrXA$L+3GqdntX3nwrAtfmFxmbBc5PBUM6qsNAe/9mWCTnsI";

    private final ThreadPoolExecutor threads;

    Passwords() {
        this(WAITING);
    }

    Passwords(int waiting) {
        threads = new ThreadPoolExecutor(
                AT_ONCE,
                AT_ONCE,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(waiting),
                Thread.ofPlatform().name("passwords-", 0).daemon().factory());
    }

    CompletionStage<String> hash(String password) {
        return work(() -> Password.hash(password).addRandomSalt(16).with(ARGON2).getResult());
    }

    CompletionStage<Boolean> matches(String password, String hash) {
        return work(() -> Password.check(password, hash).with(function(hash)));
    }

    /** Takes as long as a check, and is false. */
    CompletionStage<Boolean> matchesNobody(String password) {
        return matches(password, NOBODY).thenApply(_ -> false);
    }

    /** Whether this hash should be replaced by a new one while the password is at hand. */
    static boolean old(String hash) {
        if (bcrypt(hash)) {
            return true;
        }
        Argon2Function made = Argon2Function.getInstanceFromHash(hash);
        return made.getMemory() < ARGON2.getMemory()
                || made.getIterations() < ARGON2.getIterations()
                || made.getVariant() != Argon2.ID;
    }

    private static boolean bcrypt(String hash) {
        return hash.startsWith("$2");
    }

    private static HashingFunction function(String hash) {
        return bcrypt(hash) ? BcryptFunction.getInstanceFromHash(hash) : Argon2Function.getInstanceFromHash(hash);
    }

    private <T> CompletionStage<T> work(Supplier<T> work) {
        try {
            return CompletableFuture.supplyAsync(work, threads);
        } catch (RejectedExecutionException full) {
            return CompletableFuture.failedFuture(
                    new Problems.Unavailable("Many are logging in at the moment", Duration.ofSeconds(2)));
        }
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
