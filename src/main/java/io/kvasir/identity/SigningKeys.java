package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import io.kvasir.jdbc.Sql;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Sealed;
import java.sql.Connection;
import java.sql.SQLException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The key pairs that sign tokens, kept sealed in the database so that tokens outlive a restart. A new key is known to
 * all nodes before it signs, and an old one counts until all it signed has ended.
 */
final class SigningKeys {
    private static final String SUBJECT = "kvasir/signing-keys";
    /** How long a fresh key waits before it signs: all nodes look for new keys more often than that. */
    static final Duration KNOWN_BEFORE_USE = Duration.ofMinutes(2);

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final Clock clock;
    private final Duration signs;
    private final Duration longestToken;

    /** @param signs how long a key signs @param longestToken how long anything it signs is good */
    SigningKeys(Transactor transactor, SubjectKeys keys, Clock clock, Duration signs, Duration longestToken) {
        this.transactor = transactor;
        this.keys = keys;
        this.clock = clock;
        this.signs = signs;
        this.longestToken = longestToken;
    }

    /** All keys that count, after the old were dropped and a new one made where it is time. */
    CompletionStage<KeyRing> current() {
        return keys.obtain(SUBJECT)
                .thenCompose(seal -> transactor.run(c -> {
                    Instant now = clock.instant();
                    List<Kept> all = stored(c, seal);
                    if (all.isEmpty() || !all.getLast().made().plus(signs).isAfter(now)) {
                        Kept fresh = new Kept(generate(), now);
                        Sql.update(
                                c,
                                "INSERT INTO signing_keys (kid, sealed, created_at) VALUES (?, ?, ?)",
                                fresh.key().getKeyID(),
                                seal.seal(fresh.key().toJSONString()).bytes(),
                                now);
                        all.add(fresh);
                    }
                    Kept signing = all.getFirst();
                    for (Kept kept : all) {
                        if (!kept.made().plus(KNOWN_BEFORE_USE).isAfter(now)) {
                            signing = kept;
                        }
                    }
                    Instant nothingOlderSigns = signing.made()
                            .plus(KNOWN_BEFORE_USE)
                            .plus(KNOWN_BEFORE_USE)
                            .plus(longestToken);
                    List<ECKey> good = new ArrayList<>();
                    for (Kept kept : all) {
                        if (kept.made().isBefore(signing.made()) && nothingOlderSigns.isBefore(now)) {
                            Sql.update(
                                    c,
                                    "DELETE FROM signing_keys WHERE kid = ?",
                                    kept.key().getKeyID());
                        } else {
                            good.add(kept.key());
                        }
                    }
                    return KeyRing.of(signing.key(), good);
                }));
    }

    private record Kept(ECKey key, Instant made) {}

    private static List<Kept> stored(Connection c, SubjectKey seal) throws SQLException {
        return Sql.all(c, "SELECT sealed, created_at FROM signing_keys ORDER BY created_at, kid", row -> {
            try {
                return new Kept(ECKey.parse(seal.open(new Sealed(SUBJECT, row.getBytes(1)))), Sql.instant(row, 2));
            } catch (ParseException e) {
                throw new SQLException("a stored signing key cannot be read", e);
            }
        });
    }

    private static ECKey generate() {
        try {
            return new ECKeyGenerator(Curve.P_256)
                    .keyID(Ids.next())
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.ES256)
                    .generate();
        } catch (JOSEException e) {
            throw new IllegalStateException("cannot make a signing key", e);
        }
    }
}
