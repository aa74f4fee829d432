package io.kvasir.identity;

import static io.kvasir.identity.House.join;

import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.MasterKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Puts people and tenants straight into the database of a server of this JVM, quicker than mails could. */
public final class Census implements AutoCloseable {
    private final Database database;
    private final Transactor transactor;
    private final SubjectKeys keys;
    private final String hash;

    /** @param data the server's data directory; @param password of everybody who is added */
    public Census(Path data, String password) throws IOException {
        database = TestDatabase.file(data);
        transactor = new Transactor(database.dataSource(), 4);
        keys = new SubjectKeys(transactor, MasterKey.load(Optional.empty(), data.resolve("master.key")));
        try (Passwords passwords = new Passwords()) {
            hash = join(passwords.hash(password));
        }
    }

    public String tenant(String name) {
        return join(transactor.run(
                        c -> Directory.addTenant(c, name, Clock.systemUTC().instant())))
                .value();
    }

    public String user(String email, String tenant, Role role) {
        return join(transactor.run(c -> {
                    UserId user = Directory.addUser(
                            c,
                            email,
                            Optional.empty(),
                            Optional.of(hash),
                            Clock.systemUTC().instant());
                    Directory.addMember(
                            c,
                            new TenantId(tenant),
                            user,
                            role,
                            Clock.systemUTC().instant());
                    return user;
                }))
                .value();
    }

    /** Takes somebody into one more tenant. */
    public void member(String user, String tenant, Role role) {
        join(transactor.change(c -> Directory.addMember(
                c,
                new TenantId(tenant),
                new UserId(user),
                role,
                Clock.systemUTC().instant())));
    }

    /** A token as the server itself signed it an hour ago for somebody who is still logged in: nothing but its time is wrong. */
    public String expired(String token) {
        Tokens.Claims.User claims =
                (Tokens.Claims.User) tokens(Clock.systemUTC()).verify(token).orElseThrow();
        return tokens(Clock.offset(Clock.systemUTC(), Duration.ofHours(-1)))
                .user(claims.user(), claims.tenant(), claims.session())
                .token();
    }

    /** What an authenticator app shows now. @param secret as it was shown at the setup */
    public static String code(String secret) {
        java.math.BigInteger bits = java.math.BigInteger.ZERO;
        for (char c : secret.toCharArray()) {
            bits = bits.shiftLeft(5).or(java.math.BigInteger.valueOf("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c)));
        }
        byte[] all = bits.toByteArray();
        byte[] key = new byte[Totp.SECRET_BYTES];
        int length = Math.min(all.length, key.length);
        System.arraycopy(all, all.length - length, key, key.length - length, length);
        return Totp.code(key, Clock.systemUTC().instant());
    }

    private Tokens tokens(Clock clock) {
        CompletionStage<KeyRing> ring = new SigningKeys(
                        transactor, keys, Clock.systemUTC(), Duration.ofDays(30), Duration.ofMinutes(15))
                .current();
        KeyRing found = join(ring);
        return new Tokens(() -> found, House.TOKENS, clock);
    }

    public <T> T sql(Transactor.Work<T> work) {
        return join(transactor.run(work));
    }

    @Override
    public void close() {
        transactor.close();
        database.close();
    }
}
