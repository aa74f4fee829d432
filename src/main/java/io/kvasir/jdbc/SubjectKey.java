package io.kvasir.jdbc;

import io.kvasir.kernel.Sealed;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The opened key of one subject: AES-256-GCM with random 96-bit nonces (NIST SP 800-38D). Safe for many threads. */
public final class SubjectKey {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int NONCE = 12;
    private static final int TAG_BITS = 128;

    private final String subject;
    private final SecretKeySpec key;

    SubjectKey(String subject, byte[] key) {
        this.subject = subject;
        this.key = new SecretKeySpec(key, "AES");
    }

    public String subject() {
        return subject;
    }

    public Sealed seal(String text) {
        return new Sealed(subject, encrypt(text.getBytes(StandardCharsets.UTF_8), ""));
    }

    /** @throws IllegalStateException where it was sealed for another subject, or changed since */
    public String open(Sealed sealed) {
        if (!sealed.subject().equals(subject)) {
            throw new IllegalStateException("sealed for another subject");
        }
        return new String(decrypt(sealed.bytes(), ""), StandardCharsets.UTF_8);
    }

    /** @param place where these bytes belong, so that they can't be swapped for others of the same subject */
    byte[] encrypt(byte[] plain, String place) {
        byte[] nonce = new byte[NONCE];
        RANDOM.nextBytes(nonce);
        byte[] sealed = crypt(Cipher.ENCRYPT_MODE, nonce, plain, 0, plain.length, place);
        byte[] result = Arrays.copyOf(nonce, NONCE + sealed.length);
        System.arraycopy(sealed, 0, result, NONCE, sealed.length);
        return result;
    }

    byte[] decrypt(byte[] sealed, String place) {
        return crypt(Cipher.DECRYPT_MODE, Arrays.copyOf(sealed, NONCE), sealed, NONCE, sealed.length - NONCE, place);
    }

    private byte[] crypt(int mode, byte[] nonce, byte[] bytes, int from, int length, String place) {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD((subject + "\n" + place).getBytes(StandardCharsets.UTF_8));
            return cipher.doFinal(bytes, from, length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "cannot " + (mode == Cipher.ENCRYPT_MODE ? "seal" : "open") + " a text of " + subject, e);
        }
    }
}
