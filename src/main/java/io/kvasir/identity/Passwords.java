package io.kvasir.identity;

import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Argon2id hashes (OWASP: 19 MiB, 2 passes, 1 lane) on a small pool of its own, so that a wave of logins can neither
 * starve the chat nor exhaust memory.
 */
final class Passwords implements AutoCloseable {
    /** Two at once is 38 MiB and, on the smallest machine, both cores. */
    private static final int AT_ONCE = 2;

    private static final Argon2Function ARGON2 = Argon2Function.getInstance(19_456, 2, 1, 32, Argon2.ID);

    private final ExecutorService threads = Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().name("passwords-", 0).daemon().factory());
    /** What an unknown e-mail address is checked against, so that it takes as long as a known one. */
    private final CompletionStage<String> nobody = hash("a password nobody has");

    CompletionStage<String> hash(String password) {
        return CompletableFuture.supplyAsync(
                () -> Password.hash(password).addRandomSalt(16).with(ARGON2).getResult(), threads);
    }

    CompletionStage<Boolean> matches(String password, String hash) {
        return CompletableFuture.supplyAsync(
                () -> Password.check(password, hash).with(Argon2Function.getInstanceFromHash(hash)), threads);
    }

    /** Takes as long as a check, and is false. */
    CompletionStage<Boolean> matchesNobody(String password) {
        return nobody.thenCompose(hash -> matches(password, hash)).thenApply(_ -> false);
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
