package io.kvasir.kernel;

import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes and checks the opaque ids of the outer face: 32 lower-case hexadecimal digits, roughly ordered by time. */
public final class Ids {
    /** What may stand in a path, a key or an entity id. Nothing here can be a path separator, a dot or a space. */
    private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private static final SecureRandom RANDOM = new SecureRandom();

    private Ids() {}

    /** A fresh id: 48 bits of milliseconds, then 80 random bits. */
    public static String next() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        long now = System.currentTimeMillis();
        for (int i = 0; i < 6; i++) {
            bytes[i] = (byte) (now >>> (40 - 8 * i));
        }
        return HexFormat.of().formatHex(bytes);
    }

    /** The id of the nth thing, from 0, that is made under one id: the same each time, and in that order. */
    public static String nth(String id, long n) {
        return String.format("%032x", new BigInteger(id, 16).add(BigInteger.valueOf(n)));
    }

    /** The first id there could be at that time, to millisecond: what is smaller, as a string, was made before. */
    public static String at(Instant time) {
        return String.format("%012x", time.toEpochMilli()) + "0".repeat(20);
    }

    public static boolean safe(String value) {
        return SAFE.matcher(value).matches();
    }

    /** @throws IllegalArgumentException where the value could not be an id of ours */
    public static String require(@Nullable String value) {
        if (value == null || !safe(value)) {
            throw new IllegalArgumentException("not an id");
        }
        return value;
    }
}
