package io.kvasir.identity;

import io.kvasir.kernel.Rejection.FieldError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.LongStream;

/** Which new passwords are taken: long ones that are on no list of known ones. */
final class PasswordPolicy {
    private static final int LONGEST = 1_000;

    private final int shortest;
    /** First 64 bits of the SHA-256 of each known password, sorted: 8 bytes each, however long the list. */
    private final long[] breached;

    PasswordPolicy(AccountSettings.PasswordRules rules) {
        this.shortest = rules.shortest();
        this.breached = rules.breached().map(PasswordPolicy::read).orElseGet(() -> new long[0]);
    }

    /** What is wrong with it; empty where nothing is. */
    Optional<FieldError> fault(String password, String email) {
        if (password.codePointCount(0, password.length()) < shortest || password.length() > LONGEST) {
            return wrong("must have " + shortest + " to " + LONGEST + " characters");
        }
        if (password.equalsIgnoreCase(email)) {
            return wrong("must not be the e-mail address");
        }
        return Arrays.binarySearch(breached, fingerprint(password)) >= 0
                ? wrong("is on a list of passwords that became known; choose another")
                : Optional.empty();
    }

    private static Optional<FieldError> wrong(String detail) {
        return Optional.of(new FieldError("/password", detail));
    }

    private static long[] read(Path file) {
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            LongStream all = lines.lines().filter(line -> !line.isEmpty()).mapToLong(PasswordPolicy::fingerprint);
            return all.sorted().toArray();
        } catch (IOException e) {
            throw new UncheckedIOException("kvasir.identity.breached-passwords cannot be read", e);
        }
    }

    private static long fingerprint(String password) {
        return Long.parseUnsignedLong(Secrets.hash(password).substring(0, 16), 16);
    }
}
