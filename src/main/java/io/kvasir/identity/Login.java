package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.UserId;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Login by e-mail address and password, and what follows where it was right. */
public final class Login {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.authentication");
    private static final Rejection WRONG = new Rejection.Unauthenticated("E-mail address or password is wrong");

    private final Transactor transactor;
    private final Passwords passwords;
    private final Attempts attempts;
    private final AccountSettings.Patience patience;
    private final Sessions sessions;
    private final Mfa mfa;
    private final Door door;

    Login(
            Transactor transactor,
            Passwords passwords,
            Attempts attempts,
            AccountSettings.Patience patience,
            Sessions sessions,
            Mfa mfa,
            Door door) {
        this.transactor = transactor;
        this.passwords = passwords;
        this.attempts = attempts;
        this.patience = patience;
        this.sessions = sessions;
        this.mfa = mfa;
        this.door = door;
    }

    /** How far a login came. */
    public sealed interface Entered {
        /** @param byCookie whether a browser keeps the refresh token in a cookie */
        record In(Sessions.LoggedIn in, boolean byCookie) implements Entered {}

        /** A second factor is asked for. @param expiresIn seconds in which the challenge must be answered */
        record Challenged(String challenge, long expiresIn) implements Entered {
            @Override
            public String toString() {
                return "Challenged[]";
            }
        }
    }

    /** The same refusal, after the same time, whether the address or the password is wrong. */
    public CompletionStage<Outcome<Entered>> login(String email, String password, boolean byCookie, Client client) {
        Attempts.Try address = new Attempts.Try("login from " + client.network(), patience.address());
        Attempts.Try account = new Attempts.Try(
                "login " + Directory.normalised(email) + " from " + client.network(), patience.account());
        return attempts.take(account)
                .thenCompose(allowed ->
                        allowed.then(own -> attempts.take(address).thenCompose(taken -> switch (taken) {
                            case Outcome.Done<Attempts.Try>(Attempts.Try all) ->
                                tried(email, password, byCookie, client, own, all);
                            // Where all from there must wait, this account was not tried.
                            case Outcome.Refused<Attempts.Try>(Rejection wait) ->
                                attempts.giveBack(own).thenApply(_ -> Outcome.<Entered>refused(wait));
                        })))
                .thenApply(outcome -> told(outcome, client));
    }

    private CompletionStage<Outcome<Entered>> tried(
            String email, String password, boolean byCookie, Client client, Attempts.Try own, Attempts.Try all) {
        return attempts.unlessOurs(checked(email, password, client), own, all)
                .thenCompose(checked -> checked.then(user -> attempts.forgive(own)
                        .thenCompose(_ -> attempts.giveBack(all))
                        .thenCompose(_ -> enter(user.id(), byCookie, client))));
    }

    /** Whose address and password these are. */
    private CompletionStage<Outcome<Directory.User>> checked(String email, String password, Client client) {
        return transactor.run(c -> Directory.byEmail(c, email)).thenCompose(found -> {
            Optional<String> hash = found.flatMap(Directory.User::hash);
            CompletionStage<Boolean> right =
                    hash.isPresent() ? passwords.matches(password, hash.get()) : passwords.matchesNobody(password);
            return right.thenCompose(yes -> {
                if (yes && found.isPresent() && hash.isPresent()) {
                    return renewed(found.get(), hash.get(), password).thenApply(_ -> Outcome.done(found.get()));
                }
                found.ifPresent(user -> door.turnedAway(user.id(), client));
                return CompletableFuture.completedFuture(Outcome.refused(WRONG));
            });
        });
    }

    /** Lets in whoever has proven who they are, after a second factor where they have one. */
    CompletionStage<Outcome<Entered>> enter(UserId user, boolean byCookie, Client client) {
        return transactor
                .<Outcome<Entered>>run(c -> {
                    if (Directory.byId(c, user).filter(u -> !u.suspended()).isEmpty()) {
                        return Outcome.refused(new Rejection.Forbidden("This account is suspended"));
                    }
                    return Mfa.asked(c, user)
                            ? Outcome.done(mfa.challenge(c, user, byCookie))
                            : sessions.open(c, user, Optional.empty(), client).map(in -> new Entered.In(in, byCookie));
                })
                .thenCompose(outcome -> switch (outcome) {
                    case Outcome.Done<Entered>(Entered.In(Sessions.LoggedIn in, boolean _)) ->
                        door.entered(Outcome.done(in), client).thenApply(_ -> outcome);
                    case Outcome.Done<Entered>(Entered.Challenged _) -> CompletableFuture.completedFuture(outcome);
                    case Outcome.Refused<Entered> _ -> {
                        door.turnedAway(user, client);
                        yield CompletableFuture.completedFuture(outcome);
                    }
                });
    }

    /** A hash of an older kind is replaced while the password is at hand; not where it changed meanwhile. */
    private CompletionStage<Boolean> renewed(Directory.User user, String hash, String password) {
        return Passwords.old(hash)
                ? passwords
                        .hash(password)
                        .thenCompose(fresh -> transactor.run(c -> Sql.update(
                                        c,
                                        "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?",
                                        fresh,
                                        user.id().value(),
                                        hash)
                                == 1))
                : CompletableFuture.completedFuture(false);
    }

    private static <T> Outcome<T> told(Outcome<T> outcome, Client client) {
        if (outcome instanceof Outcome.Refused<T>(Rejection rejection)) {
            LOG.info("login refused from {}: {}", client.address(), rejection.detail());
        }
        return outcome;
    }
}
