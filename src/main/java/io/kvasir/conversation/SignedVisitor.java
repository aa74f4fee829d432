package io.kvasir.conversation;

import io.kvasir.http.Json;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Who a visitor is, in the words of the knowledge base owner's own server. The page that shows the widget hands it on and
 * is not believed: the signature is.
 *
 * @param user a JSON text with {@code id} and perhaps {@code name}, {@code email}, {@code phone}, {@code metadata} and
 *     {@code until}, the moment from which it is no longer good
 * @param signature HMAC-SHA256 (RFC 2104) of exactly that text in UTF-8 under the secret's characters, in 64 hexadecimal
 *     digits
 */
record SignedVisitor(@Nullable String user, @Nullable String signature) {
    private static final int LONGEST = 8_000;
    private static final int LONGEST_ID = 300;

    SignedVisitor {
        if (user == null ? signature != null : user.length() > LONGEST) {
            throw Json.Refusal.of(new FieldError("/user", "must be a JSON text of at most " + LONGEST + " characters"));
        }
        if (signature == null ? user != null : !signature.matches("[0-9a-fA-F]{64}")) {
            throw Json.Refusal.of(new FieldError("/signature", "must be 64 hexadecimal digits"));
        }
    }

    /** A page that knows nobody may leave out both. */
    boolean nobody() {
        return user == null;
    }

    /** The person, where the signature is the secret's and still good. @param secret empty where there is none: nobody is believed */
    Outcome<Messages.EndUser> known(Optional<String> secret, Instant now) {
        if (secret.isEmpty()
                || !MessageDigest.isEqual(expected(secret.get()), HexFormat.of().parseHex(signed()))) {
            return Outcome.refused(
                    new Rejection.Forbidden("The visitor is not signed with the secret of this knowledge base"));
        }
        Person person = Json.read(text(), Person.class);
        return person.until() != null && !now.isBefore(person.until())
                ? Outcome.refused(new Rejection.Forbidden("What was signed of the visitor ran out"))
                : Outcome.done(person.endUser());
    }

    private byte[] expected(String secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text().getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private String text() {
        return String.valueOf(user);
    }

    private String signed() {
        return String.valueOf(signature);
    }

    /** @param id what the owner's own system calls them */
    private record Person(
            @Nullable String id,
            @Nullable String name,
            @Nullable String email,
            @Nullable String phone,
            @Nullable Map<String, @Nullable String> metadata,
            @Nullable Instant until) {
        Person {
            if (id == null || id.isBlank()) {
                throw Json.Refusal.of(new FieldError("/user/id", "must not be empty"));
            }
            if (id.length() > LONGEST_ID) {
                throw Json.Refusal.of(new FieldError("/user/id", "must have at most " + LONGEST_ID + " characters"));
            }
            endUser(name, email, phone, texts(metadata)).check("/user");
        }

        private static Map<String, String> texts(@Nullable Map<String, @Nullable String> metadata) {
            Map<String, String> all = new LinkedHashMap<>();
            if (metadata != null) {
                metadata.forEach((key, value) -> all.put(key, String.valueOf(value)));
            }
            return all;
        }

        Messages.EndUser endUser() {
            Map<String, String> all = texts(metadata);
            all.put("id", String.valueOf(id));
            return endUser(name, email, phone, all);
        }

        private static Messages.EndUser endUser(
                @Nullable String name, @Nullable String email, @Nullable String phone, Map<String, String> all) {
            return new Messages.EndUser(
                    Optional.ofNullable(name),
                    Optional.ofNullable(email),
                    Optional.ofNullable(phone),
                    Optional.of(all));
        }
    }
}
