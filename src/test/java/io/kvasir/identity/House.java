package io.kvasir.identity;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.TestClock;
import io.kvasir.kernel.UserId;
import io.kvasir.mail.Mail;
import io.kvasir.mail.Mailer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** The accounts of a server over a database of their own, at a time the test sets. */
final class House implements AutoCloseable {
    static final String PASSWORD = "correct horse battery";
    static final Client CLIENT = new Client("192.0.2.1", "test");
    static final TokenSettings TOKENS = new TokenSettings("kvasir", Duration.ofMinutes(15), Duration.ofMinutes(15));
    static final AccountSettings.Patience PATIENCE = new AccountSettings.Patience(3, 20, Duration.ofMinutes(15));

    final Database database;
    final Transactor transactor;
    final SubjectKeys keys;
    final TestClock clock = new TestClock();
    final List<Mail> mails = new CopyOnWriteArrayList<>();
    /** Throws where a test wants sending to fail. */
    volatile Mailer mailer = mail -> {
        mails.add(mail);
        return CompletableFuture.completedFuture(null);
    };

    /** What whoever watches the logins was told, oldest first. */
    final List<LoginWatch.Seen> seen = new CopyOnWriteArrayList<>();

    volatile LoginWatch watch = one -> {
        seen.add(one);
        return CompletableFuture.completedFuture(null);
    };

    private final OAuthSettings oauth;
    final Identity identity;

    House() {
        this(TestDatabase.H2);
    }

    House(TestDatabase kind) {
        this(kind, settings(AccountSettings.Registration.INVITATION));
    }

    House(TestDatabase kind, AccountSettings settings) {
        this(kind, settings, new OAuthSettings(List.of()));
    }

    House(TestDatabase kind, AccountSettings settings, OAuthSettings oauth) {
        this.oauth = oauth;
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 8);
        keys = new SubjectKeys(transactor, TestDatabase.masterKey());
        identity = open(settings);
    }

    static AccountSettings settings(AccountSettings.Registration registration) {
        return new AccountSettings(
                registration,
                Optional.empty(),
                Duration.ofDays(7),
                Duration.ofDays(30),
                Duration.ofDays(30),
                Duration.ofDays(7),
                Duration.ofHours(1),
                new AccountSettings.PasswordRules(12, Optional.empty()),
                PATIENCE);
    }

    /** A second node over the same database. */
    Identity node() {
        return node(settings(AccountSettings.Registration.INVITATION));
    }

    Identity node(AccountSettings settings) {
        return open(settings);
    }

    private Identity open(AccountSettings settings) {
        Identity opened =
                join(Identity.open(transactor, keys, TOKENS, settings, oauth, mailer, one -> watch.told(one), clock));
        opened.reachedAt(URI.create("https://kvasir.example"));
        return opened;
    }

    /** The newest mail to somebody, once there are so many. */
    Mail mail(String to, int number) {
        return Awaitility.await()
                .until(() -> mails.stream().filter(m -> m.to().equals(to)).toList(), all -> all.size() >= number)
                .get(number - 1);
    }

    /** What stands behind {@code #token=} or {@code /invite/} in a mail. */
    static String token(Mail mail) {
        Matcher found = Pattern.compile("(?:#token=|/invite/)(\\S+)").matcher(mail.text());
        if (!found.find()) {
            throw new AssertionError("no token in " + mail.text());
        }
        return found.group(1);
    }

    /** Somebody with a tenant of their own, and {@link #PASSWORD}. */
    Identity.Owner owner(String email) {
        return join(identity.ensureOwner(email, Optional.of(PASSWORD)));
    }

    TenantId tenant(String name) {
        return sql(c -> Directory.addTenant(c, name, clock.instant()));
    }

    UserId user(String email, TenantId tenant, Role role) {
        UserId user = sql(c -> Directory.addUser(c, email, Optional.empty(), Optional.of(HASH.get()), clock.instant()));
        member(tenant, user, role);
        return user;
    }

    void member(TenantId tenant, UserId user, Role role) {
        sql(c -> {
            Directory.addMember(c, tenant, user, role, clock.instant());
            return true;
        });
    }

    Sessions.LoggedIn in(String email) {
        return in(done(identity.login().login(email, PASSWORD, false, CLIENT)));
    }

    static Sessions.LoggedIn in(Login.Entered entered) {
        return switch (entered) {
            case Login.Entered.In(Sessions.LoggedIn in, boolean _) -> in;
            case Login.Entered.Challenged _ -> throw new AssertionError("a second factor is asked for");
        };
    }

    Principal principal(String accessToken) {
        return join(identity.authenticate(accessToken)).orElseThrow();
    }

    <T> T sql(Transactor.Work<T> work) {
        return join(transactor.run(work));
    }

    String text(String query, Object... parameters) {
        return sql(c -> Sql.first(c, query, row -> String.valueOf(row.getString(1)), parameters)
                .orElse("none"));
    }

    static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    static <T> T done(CompletionStage<Outcome<T>> stage) {
        return switch (join(stage)) {
            case Outcome.Done<T>(T value) -> value;
            case Outcome.Refused<T>(Rejection rejection) -> throw new AssertionError("refused: " + rejection);
        };
    }

    static <T> Rejection refused(CompletionStage<Outcome<T>> stage) {
        return switch (join(stage)) {
            case Outcome.Done<T>(T value) -> throw new AssertionError("not refused: " + value);
            case Outcome.Refused<T>(Rejection rejection) -> rejection;
        };
    }

    @Override
    public void close() {
        identity.close();
        transactor.close();
        database.close();
    }

    /** Of {@link #PASSWORD}; made once. */
    private static final java.util.function.Supplier<String> HASH = new java.util.function.Supplier<>() {
        private final AtomicReference<String> made = new AtomicReference<>();

        @Override
        public String get() {
            if (made.get() == null) {
                try (Passwords passwords = new Passwords()) {
                    made.set(join(passwords.hash(PASSWORD)));
                }
            }
            return made.get();
        }
    };
}
