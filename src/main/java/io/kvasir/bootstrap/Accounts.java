package io.kvasir.bootstrap;

import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** What the record and the erasure of persons need to know of accounts. */
final class Accounts {
    private Accounts() {}

    /** Whose account an e-mail address is, so that a failed login is put on the record of the right tenant. */
    static CompletionStage<Optional<Principal>> named(Transactor transactor, String email) {
        return transactor.run(c -> {
            try (PreparedStatement select = c.prepareStatement("SELECT u.id, m.tenant FROM users u JOIN memberships m ON m.member = u.id"
                    + " WHERE u.email = ? ORDER BY m.created_at, m.tenant LIMIT 1")) {
                select.setString(1, email.strip().toLowerCase(Locale.ROOT));
                try (ResultSet rows = select.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Principal(
                                    new UserId(rows.getString(1)),
                                    new TenantId(rows.getString(2)),
                                    Set.of(),
                                    Optional.empty()))
                            : Optional.empty();
                }
            }
        });
    }
}
