package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Sealed;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.text.ParseException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** The key pair that signs tokens, kept sealed in the database so that tokens outlive a restart. */
final class SigningKeys {
    private static final String SUBJECT = "kvasir/signing-keys";

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Clock clock;

    SigningKeys(Transactor transactor, SubjectKeys keys, Clock clock) {
        this.transactor = transactor;
        this.keys = keys;
        this.clock = clock;
    }

    /** The newest key, made where there is none. */
    CompletionStage<ECKey> current() {
        return keys.obtain(SUBJECT)
                .thenCompose(seal -> transactor.run(c -> {
                    Optional<ECKey> there = newest(c, seal);
                    if (there.isPresent()) {
                        return there.get();
                    }
                    ECKey fresh = generate();
                    try (PreparedStatement insert =
                            c.prepareStatement("INSERT INTO signing_keys (kid, sealed, created_at) VALUES (?, ?, ?)")) {
                        insert.setString(1, fresh.getKeyID());
                        insert.setBytes(2, seal.seal(fresh.toJSONString()).bytes());
                        insert.setTimestamp(3, Timestamp.from(clock.instant()));
                        insert.executeUpdate();
                    }
                    return fresh;
                }));
    }

    private static Optional<ECKey> newest(Connection c, SubjectKey seal) throws SQLException {
        try (PreparedStatement select = c.prepareStatement(
                        "SELECT sealed FROM signing_keys ORDER BY created_at DESC, kid DESC LIMIT 1");
                ResultSet rows = select.executeQuery()) {
            return rows.next()
                    ? Optional.of(ECKey.parse(seal.open(new Sealed(SUBJECT, rows.getBytes(1)))))
                    : Optional.empty();
        } catch (ParseException e) {
            throw new SQLException("a stored signing key cannot be read", e);
        }
    }

    private static ECKey generate() {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID(Ids.next()).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException("cannot make a signing key", e);
        }
    }
}
