package io.kvasir.identity;

import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How somebody new gets an account. There is none before the address is proven, by a link in a mail or by an invitation;
 * so every address of an account is a verified one.
 */
public final class Registration {
    private static final int MAILS_AN_HOUR = 3;

    private final Transactor transactor;
    private final Clock clock;
    private final AccountSettings settings;
    private final Passwords passwords;
    private final PasswordPolicy policy;
    private final Attempts attempts;
    private final Sessions sessions;
    private final Letters letters;
    private final Door door;

    Registration(
            Transactor transactor,
            Clock clock,
            AccountSettings settings,
            Passwords passwords,
            PasswordPolicy policy,
            Attempts attempts,
            Sessions sessions,
            Letters letters,
            Door door) {
        this.transactor = transactor;
        this.clock = clock;
        this.settings = settings;
        this.passwords = passwords;
        this.policy = policy;
        this.attempts = attempts;
        this.sessions = sessions;
        this.letters = letters;
        this.door = door;
    }

    /** What somebody asks for. @param tenantName of the tenant that will be theirs; empty for one made of the address */
    public record Wish(String email, String password, Optional<String> name, Optional<String> tenantName) {
        @Override
        public String toString() {
            return "Wish[]";
        }
    }

    /** Mails a link to the address. Whether it has an account already shows in the mail alone. */
    public CompletionStage<Outcome<Boolean>> register(Wish wish, Client client) {
        if (settings.registration() != AccountSettings.Registration.OPEN) {
            return refused(new Rejection.Forbidden(
                    settings.registration() == AccountSettings.Registration.CLOSED
                            ? "Nobody can register here"
                            : "An account here is by invitation only"));
        }
        Optional<FieldError> fault = policy.fault(wish.password(), wish.email());
        if (fault.isPresent()) {
            return refused(invalid(fault.get()));
        }
        String email = Directory.normalised(wish.email());
        return attempts.take(new Attempts.Try(
                        "register from " + client.network(), settings.patience().address()))
                .thenCompose(allowed -> allowed.then(tried -> attempts.unlessOurs(
                                passwords.hash(wish.password()), tried)
                        .thenCompose(hash -> attempts.take(new Attempts.Try("register mail " + email, MAILS_AN_HOUR))
                                .thenCompose(mail ->
                                        pending(wish, email, hash, mail instanceof Outcome.Done<Attempts.Try>)))));
    }

    /** Makes the account a link stands for, with a tenant of its own, and logs in. */
    public CompletionStage<Outcome<Sessions.LoggedIn>> verify(String token, Client client) {
        return transactor
                .<Outcome<Sessions.LoggedIn>>run(c -> {
                    Optional<MailedLinks.Link> link =
                            MailedLinks.take(c, token, MailedLinks.Purpose.REGISTER, clock.instant());
                    if (link.isEmpty()
                            || Directory.byEmail(c, link.get().email()).isPresent()) {
                        return Outcome.refused(MailedLinks.NOT_GOOD);
                    }
                    Instant now = clock.instant();
                    UserId user = Directory.addUser(
                            c, link.get().email(), link.get().name(), link.get().passwordHash(), now);
                    TenantId tenant = Directory.addTenant(
                            c, link.get().tenantName().orElse(link.get().email()), now);
                    Directory.addMember(c, tenant, user, Role.OWNER, now);
                    return sessions.open(c, user, Optional.of(tenant), client);
                })
                .thenCompose(outcome -> door.entered(outcome, client))
                .exceptionallyCompose(failure ->
                        taken(failure) ? refused(MailedLinks.NOT_GOOD) : CompletableFuture.failedFuture(failure));
    }

    /** Makes an account for whoever was invited: the invitation came to that address. */
    public CompletionStage<Outcome<Sessions.LoggedIn>> registerInvited(
            String invitation, String password, Optional<String> name, Client client) {
        if (settings.registration() == AccountSettings.Registration.CLOSED) {
            return refused(new Rejection.Forbidden("Nobody can register here"));
        }
        return transactor
                .run(c -> Invitations.byToken(c, invitation, clock.instant()))
                .thenCompose(found -> {
                    if (found.isEmpty()) {
                        return refused(Invitations.NOT_GOOD);
                    }
                    Optional<FieldError> fault =
                            policy.fault(password, found.get().email());
                    if (fault.isPresent()) {
                        return refused(invalid(fault.get()));
                    }
                    return passwords
                            .hash(password)
                            .thenCompose(hash -> transactor.<Outcome<Sessions.LoggedIn>>run(c -> {
                                Optional<Invitations.Open> taken = Invitations.take(c, invitation, clock.instant());
                                if (taken.isEmpty()) {
                                    return Outcome.refused(Invitations.NOT_GOOD);
                                }
                                if (Directory.byEmail(c, taken.get().email()).isPresent()) {
                                    // Rolled back with the exception, so that the invitation stays good.
                                    throw new Taken();
                                }
                                Instant now = clock.instant();
                                UserId user = Directory.addUser(c, taken.get().email(), name, Optional.of(hash), now);
                                Directory.addMember(
                                        c,
                                        taken.get().tenant(),
                                        user,
                                        taken.get().role(),
                                        now);
                                return sessions.open(
                                        c, user, Optional.of(taken.get().tenant()), client);
                            }))
                            .thenCompose(outcome -> door.entered(outcome, client))
                            .exceptionallyCompose(failure -> taken(failure)
                                    ? refused(new Rejection.Conflict(
                                            "account-exists",
                                            "This address has an account; log in and accept the invitation"))
                                    : CompletableFuture.failedFuture(failure));
                });
    }

    private CompletionStage<Outcome<Boolean>> pending(Wish wish, String email, String hash, boolean mail) {
        String token = Secrets.next();
        return transactor.run(c -> {
            boolean known = Directory.byEmail(c, email).isPresent();
            // A row either way: the answer takes as long for an address that is known.
            MailedLinks.add(
                    c,
                    token,
                    new MailedLinks.Link(
                            known ? MailedLinks.Purpose.KNOWN : MailedLinks.Purpose.REGISTER,
                            email,
                            wish.name(),
                            wish.tenantName(),
                            Optional.of(hash)),
                    clock.instant().plus(settings.mailedLink()));
            if (mail && known) {
                letters.known(email);
            } else if (mail) {
                letters.verify(email, token);
            }
            return Outcome.done(true);
        });
    }

    static Rejection invalid(FieldError fault) {
        return new Rejection.Invalid("The request has invalid fields", List.of(fault));
    }

    private static <T> CompletionStage<Outcome<T>> refused(Rejection rejection) {
        return CompletableFuture.completedFuture(Outcome.refused(rejection));
    }

    /** The address got an account meanwhile. */
    private static boolean taken(Throwable failure) {
        Throwable cause = Failures.cause(failure);
        return cause instanceof Taken || cause instanceof SQLException sql && Sql.broken(sql);
    }

    private static final class Taken extends SQLException {
        private static final long serialVersionUID = 1L;
    }
}
