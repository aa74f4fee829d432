package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A new password, by a link to the address of the account or by the old one. All other sessions end with the old. */
public final class PasswordChange {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.authentication");
    private static final int MAILS_AN_HOUR = 3;

    private final Transactor transactor;
    private final Clock clock;
    private final AccountSettings settings;
    private final Passwords passwords;
    private final PasswordPolicy policy;
    private final Attempts attempts;
    private final Suspensions suspensions;
    private final Letters letters;
    private final Door door;

    PasswordChange(
            Transactor transactor,
            Clock clock,
            AccountSettings settings,
            Passwords passwords,
            PasswordPolicy policy,
            Attempts attempts,
            Suspensions suspensions,
            Letters letters,
            Door door) {
        this.transactor = transactor;
        this.clock = clock;
        this.settings = settings;
        this.passwords = passwords;
        this.policy = policy;
        this.attempts = attempts;
        this.suspensions = suspensions;
        this.letters = letters;
        this.door = door;
    }

    /** Mails a link where the address has an account. The answer comes before anybody has looked. */
    public CompletionStage<Outcome<Boolean>> forgot(String email, Client client) {
        return attempts.take(new Attempts.Try(
                        "forgot from " + client.network(), settings.patience().address()))
                .thenApply(allowed -> allowed.map(_ -> {
                    attempts.take(new Attempts.Try("forgot mail " + Directory.normalised(email), MAILS_AN_HOUR))
                            .thenCompose(mail -> mail instanceof Outcome.Done<Attempts.Try>
                                    ? link(Directory.normalised(email))
                                    : CompletableFuture.completedFuture(false))
                            .whenComplete((_, fault) -> {
                                if (fault != null) {
                                    LOG.warn("no link for a new password could be made: {}", fault.toString());
                                }
                            });
                    return true;
                }));
    }

    /** Sets the password a link is for; everything that was logged in with the old one is out. */
    public CompletionStage<Outcome<Boolean>> reset(String token, String password, Client client) {
        return transactor
                .run(c -> MailedLinks.find(c, token, MailedLinks.Purpose.RESET, clock.instant()))
                .thenCompose(link -> {
                    if (link.isEmpty()) {
                        return refused(MailedLinks.NOT_GOOD);
                    }
                    Optional<FieldError> fault =
                            policy.fault(password, link.get().email());
                    return fault.isPresent()
                            ? refused(Registration.invalid(fault.get()))
                            : passwords.hash(password).thenCompose(hash -> setByLink(token, hash, client));
                });
    }

    /** Sets a new password by the old one. This session stays, all others end. */
    public CompletionStage<Outcome<Boolean>> change(Principal caller, String old, String fresh, Client client) {
        Attempts.Try wish = new Attempts.Try(
                "change " + caller.user() + " from " + client.network(),
                settings.patience().account());
        return attempts.take(wish)
                .thenCompose(allowed -> allowed.then(tried -> transactor
                        .run(c -> Directory.byId(c, caller.user()))
                        .thenCompose(user -> {
                            Optional<String> hash = user.flatMap(Directory.User::hash);
                            if (user.isEmpty() || hash.isEmpty()) {
                                return refused(new Rejection.Conflict(
                                        "no-password",
                                        "This account has no password yet; ask for a link to choose one"));
                            }
                            Optional<FieldError> fault =
                                    policy.fault(fresh, user.get().email());
                            if (fault.isPresent()) {
                                return attempts.giveBack(tried)
                                        .thenApply(_ -> Outcome.refused(Registration.invalid(fault.get())));
                            }
                            return attempts.unlessOurs(passwords.matches(old, hash.get()), tried)
                                    .thenCompose(right -> right
                                            ? attempts.forgive(tried)
                                                    .thenCompose(_ -> passwords.hash(fresh))
                                                    .thenCompose(made -> set(user.get(), made, caller.credential()))
                                            : refused(Rejection.Invalid.field("/oldPassword", "is wrong")));
                        })));
    }

    private CompletionStage<Boolean> link(String email) {
        String token = Secrets.next();
        return transactor
                .run(c -> {
                    if (Directory.byEmail(c, email).filter(u -> !u.suspended()).isEmpty()) {
                        return false;
                    }
                    MailedLinks.add(
                            c,
                            token,
                            new MailedLinks.Link(
                                    MailedLinks.Purpose.RESET,
                                    email,
                                    Optional.empty(),
                                    Optional.empty(),
                                    Optional.empty()),
                            clock.instant().plus(settings.mailedLink()));
                    return true;
                })
                .thenApply(made -> {
                    if (made) {
                        letters.reset(email, token);
                    }
                    return made;
                });
    }

    private CompletionStage<Outcome<Boolean>> setByLink(String token, String hash, Client client) {
        return suspensions
                .telling(c -> {
                    Optional<MailedLinks.Link> link =
                            MailedLinks.take(c, token, MailedLinks.Purpose.RESET, clock.instant());
                    Optional<Directory.User> user = link.isEmpty()
                            ? Optional.empty()
                            : Directory.byEmail(c, link.get().email());
                    if (user.isEmpty()) {
                        return Suspensions.Told.<Outcome<Directory.User>>nothing(Outcome.refused(MailedLinks.NOT_GOOD));
                    }
                    MailedLinks.drop(c, MailedLinks.Purpose.RESET, user.get().email());
                    Sql.update(
                            c,
                            "UPDATE users SET password_hash = ? WHERE id = ?",
                            hash,
                            user.get().id().value());
                    Sessions.endAll(c, user.get().id(), Optional.empty());
                    return new Suspensions.Told<>(
                            Outcome.done(user.get()),
                            List.of(new Suspensions.Ended.User(user.get().id())));
                })
                .thenCompose(outcome -> outcome.then(user -> {
                    letters.changed(user.email());
                    return door.seen(LoginWatch.Event.PASSWORD_RESET, user.id(), client)
                            .thenApply(_ -> Outcome.done(true));
                }));
    }

    private CompletionStage<Outcome<Boolean>> set(Directory.User user, String hash, Optional<String> keep) {
        return suspensions.telling(c -> {
            Sql.update(
                    c,
                    "UPDATE users SET password_hash = ? WHERE id = ?",
                    hash,
                    user.id().value());
            MailedLinks.drop(c, MailedLinks.Purpose.RESET, user.email());
            List<Suspensions.Ended> others = Sql.all(
                    c,
                    "SELECT id FROM sessions WHERE user_id = ? AND id <> ?",
                    row -> new Suspensions.Ended.Credential(row.getString(1)),
                    user.id().value(),
                    keep.orElse(""));
            Sessions.endAll(c, user.id(), keep);
            letters.changed(user.email());
            return new Suspensions.Told<>(Outcome.done(true), others);
        });
    }

    private static <T> CompletionStage<Outcome<T>> refused(Rejection rejection) {
        return CompletableFuture.completedFuture(Outcome.refused(rejection));
    }
}
