package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.UserId;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** The second factor: codes of an authenticator app, and recovery codes for the day it is lost, good once each. */
public final class Mfa {
    private static final int RECOVERY_CODES = 10;
    /** 80 random bits: no hash has to be slow for that. */
    private static final int RECOVERY_BYTES = 10;

    private static final int ATTEMPTS = 5;
    /** Wrong codes over several challenges; only who knows the password gets one. */
    private static final int FREE = 10;

    private static final Duration CHALLENGE = Duration.ofMinutes(5);
    private static final Rejection WRONG = new Rejection.Unauthenticated("The code is wrong or was used already");

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Clock clock;
    private final Attempts attempts;
    private final Sessions sessions;
    private final Door door;

    Mfa(Transactor transactor, SubjectKeys keys, Clock clock, Attempts attempts, Sessions sessions, Door door) {
        this.transactor = transactor;
        this.keys = keys;
        this.clock = clock;
        this.attempts = attempts;
        this.sessions = sessions;
        this.door = door;
    }

    /** What an authenticator app is given, as text and as the address of a QR code. */
    public record Setup(String secret, String otpauthUri) {
        @Override
        public String toString() {
            return "Setup[]";
        }
    }

    /** To be written down; they are told this once. */
    public record RecoveryCodes(List<String> recoveryCodes) {
        @Override
        public String toString() {
            return "RecoveryCodes[]";
        }
    }

    /** Begins: nothing is asked for at login before a first code has proven that the app has the secret. */
    public CompletionStage<Outcome<Setup>> setup(Principal caller) {
        byte[] secret = Secrets.bytes(Totp.SECRET_BYTES);
        return keys.obtain(subject(caller.user()))
                .thenCompose(key -> transactor.run(c -> {
                    Optional<Factor> there = factor(c, caller.user(), key);
                    if (there.filter(Factor::confirmed).isPresent()) {
                        return Outcome.refused(
                                new Rejection.Conflict("mfa-enabled", "A second factor is set up; disable it first"));
                    }
                    Sql.update(
                            c,
                            "DELETE FROM second_factors WHERE user_id = ?",
                            caller.user().value());
                    Sql.update(
                            c,
                            "INSERT INTO second_factors (user_id, sealed, confirmed, last_step) VALUES (?, ?, ?, ?)",
                            caller.user().value(),
                            key.seal(HexFormat.of().formatHex(secret)).bytes(),
                            false,
                            0L);
                    String email = Directory.byId(c, caller.user())
                            .map(Directory.User::email)
                            .orElse("user");
                    String text = Totp.base32(secret);
                    return Outcome.done(new Setup(
                            text,
                            "otpauth://totp/Kvasir:" + URLEncoder.encode(email, StandardCharsets.UTF_8) + "?secret="
                                    + text + "&issuer=Kvasir&algorithm=SHA1&digits=6&period=30"));
                }));
    }

    /** The first code: from now on each login asks for one. */
    public CompletionStage<Outcome<RecoveryCodes>> confirm(Principal caller, String code, Client client) {
        CompletionStage<Outcome<RecoveryCodes>> confirmed = counted(caller.user(), key -> c -> {
            Optional<Factor> factor = factor(c, caller.user(), key);
            if (factor.filter(f -> !f.confirmed()).isEmpty()) {
                return Outcome.refused(new Rejection.Conflict("mfa-not-begun", "There is no second factor to confirm"));
            }
            if (!totp(c, caller.user(), factor.get(), code)) {
                return Outcome.refused(Rejection.Invalid.field("/code", "is wrong"));
            }
            Sql.update(
                    c,
                    "UPDATE second_factors SET confirmed = ? WHERE user_id = ?",
                    true,
                    caller.user().value());
            return Outcome.done(freshCodes(c, caller.user()));
        });
        return confirmed.thenCompose(
                outcome -> outcome.then(codes -> door.seen(LoginWatch.Event.SECOND_FACTOR_SET_UP, caller.user(), client)
                        .thenApply(_ -> Outcome.done(codes))));
    }

    /** No second factor any more; a code is asked for, so that a stolen access token does not suffice. */
    public CompletionStage<Outcome<Boolean>> disable(Principal caller, String code) {
        return counted(caller.user(), key -> c -> {
            Optional<Factor> factor = factor(c, caller.user(), key).filter(Factor::confirmed);
            if (factor.isEmpty()) {
                return Outcome.refused(new Rejection.Conflict("mfa-disabled", "There is no second factor"));
            }
            if (!right(c, caller.user(), factor.get(), code)) {
                return Outcome.refused(Rejection.Invalid.field("/code", "is wrong"));
            }
            Sql.update(
                    c,
                    "DELETE FROM second_factors WHERE user_id = ?",
                    caller.user().value());
            Sql.update(
                    c,
                    "DELETE FROM recovery_codes WHERE user_id = ?",
                    caller.user().value());
            return Outcome.done(true);
        });
    }

    /** Whether a login of this user must wait for a code. */
    static boolean asked(Connection c, UserId user) throws SQLException {
        return Sql.any(c, "SELECT 1 FROM second_factors WHERE user_id = ? AND confirmed = ?", user.value(), true);
    }

    /** Remembers that the first factor was right. */
    Login.Entered challenge(Connection c, UserId user, boolean byCookie) throws SQLException {
        String challenge = Secrets.next();
        Sql.update(
                c,
                "INSERT INTO login_challenges (hash, user_id, by_cookie, attempts_left, ends_at) VALUES (?, ?, ?, ?, ?)",
                Secrets.hash(challenge),
                user.value(),
                byCookie,
                ATTEMPTS,
                clock.instant().plus(CHALLENGE));
        return new Login.Entered.Challenged(challenge, CHALLENGE.toSeconds());
    }

    private record Challenge(UserId user, boolean byCookie) {}

    /** The second step of a login. A challenge ends after five wrong codes; then the password is asked for again. */
    public CompletionStage<Outcome<Login.Entered>> answer(String challenge, String code, Client client) {
        // Counted in a transaction of its own: what follows may fail, the try was made.
        return transactor
                .run(c -> Sql.update(
                                        c,
                                        "UPDATE login_challenges SET attempts_left = attempts_left - 1"
                                                + " WHERE hash = ? AND attempts_left > 0 AND ends_at > ?",
                                        Secrets.hash(challenge),
                                        clock.instant())
                                == 1
                        ? Sql.first(
                                c,
                                "SELECT user_id, by_cookie FROM login_challenges WHERE hash = ?",
                                row -> new Challenge(new UserId(row.getString(1)), row.getBoolean(2)),
                                Secrets.hash(challenge))
                        : Optional.<Challenge>empty())
                .thenCompose(asked -> asked.isEmpty()
                        ? CompletableFuture.completedFuture(
                                Outcome.refused(new Rejection.Unauthenticated("Log in with your password again")))
                        : counted(
                                        asked.get().user(),
                                        key -> c -> answered(c, asked.get().user(), key, challenge, code, client))
                                .thenCompose(outcome -> passed(asked.get().user(), outcome, client))
                                .thenApply(outcome -> outcome.map(in ->
                                        new Login.Entered.In(in, asked.get().byCookie()))));
    }

    private CompletionStage<Outcome<Sessions.LoggedIn>> passed(
            UserId user, Outcome<Sessions.LoggedIn> outcome, Client client) {
        if (outcome instanceof Outcome.Refused<Sessions.LoggedIn>) {
            door.turnedAway(user, client);
        }
        return door.entered(outcome, client);
    }

    private Outcome<Sessions.LoggedIn> answered(
            Connection c, UserId user, SubjectKey key, String challenge, String code, Client client)
            throws SQLException {
        Optional<Factor> factor = factor(c, user, key).filter(Factor::confirmed);
        if (factor.isEmpty() || !right(c, user, factor.get(), code)) {
            return Outcome.refused(WRONG);
        }
        if (Sql.update(c, "DELETE FROM login_challenges WHERE hash = ?", Secrets.hash(challenge)) != 1) {
            return Outcome.refused(WRONG);
        }
        if (Directory.byId(c, user).filter(u -> !u.suspended()).isEmpty()) {
            return Outcome.refused(new Rejection.Forbidden("This account is suspended"));
        }
        return sessions.open(c, user, Optional.empty(), client);
    }

    void purge(Connection c) throws SQLException {
        Sql.update(c, "DELETE FROM login_challenges WHERE ends_at < ?", clock.instant());
    }

    private record Factor(byte[] secret, boolean confirmed, long lastStep) {}

    @FunctionalInterface
    private interface Keyed<T> {
        Transactor.Work<Outcome<T>> with(SubjectKey key);
    }

    /** Counts the try before it is made, and forgives it where it was right. */
    private <T> CompletionStage<Outcome<T>> counted(UserId user, Keyed<T> work) {
        Attempts.Try tried = new Attempts.Try("second factor " + user, FREE);
        return attempts.take(tried)
                .thenCompose(allowed -> allowed.then(_ -> keys.obtain(subject(user))
                        .thenCompose(key -> transactor.run(work.with(key)))
                        .thenCompose(outcome ->
                                outcome.then(value -> attempts.forgive(tried).thenApply(_ -> Outcome.done(value))))));
    }

    private boolean right(Connection c, UserId user, Factor factor, String code) throws SQLException {
        return totp(c, user, factor, code) || recovery(c, user, code);
    }

    /** Right and used up with that: of two that come at once with one code, one is right. */
    private boolean totp(Connection c, UserId user, Factor factor, String code) throws SQLException {
        Optional<Long> step = Totp.step(factor.secret(), code.replace(" ", ""), clock.instant(), factor.lastStep());
        return step.isPresent()
                && Sql.update(
                                c,
                                "UPDATE second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?",
                                step.get(),
                                user.value(),
                                step.get())
                        == 1;
    }

    private static boolean recovery(Connection c, UserId user, String code) throws SQLException {
        return Sql.update(
                        c,
                        "DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?",
                        user.value(),
                        Secrets.hash(normalised(code)))
                == 1;
    }

    private static RecoveryCodes freshCodes(Connection c, UserId user) throws SQLException {
        Sql.update(c, "DELETE FROM recovery_codes WHERE user_id = ?", user.value());
        List<String> codes = new ArrayList<>();
        for (int i = 0; i < RECOVERY_CODES; i++) {
            String code = Totp.base32(Secrets.bytes(RECOVERY_BYTES));
            Sql.update(
                    c,
                    "INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)",
                    user.value(),
                    Secrets.hash(normalised(code)));
            codes.add(String.join(
                    "-", code.substring(0, 4), code.substring(4, 8), code.substring(8, 12), code.substring(12)));
        }
        return new RecoveryCodes(List.copyOf(codes));
    }

    private static String normalised(String code) {
        return code.replaceAll("[\\s-]", "").toUpperCase(Locale.ROOT);
    }

    private static Optional<Factor> factor(Connection c, UserId user, SubjectKey key) throws SQLException {
        return Sql.first(
                c,
                "SELECT sealed, confirmed, last_step FROM second_factors WHERE user_id = ?",
                row -> new Factor(
                        HexFormat.of().parseHex(key.open(new Sealed(key.subject(), row.getBytes(1)))),
                        row.getBoolean(2),
                        row.getLong(3)),
                user.value());
    }

    private static String subject(UserId user) {
        return "kvasir/second-factor/" + user;
    }
}
