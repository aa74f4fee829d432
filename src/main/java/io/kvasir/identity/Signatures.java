package io.kvasir.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a compact JWS was signed by one of our keys: ES256 and nothing else, at most 8 KiB, no critical headers.
 *
 * <p>To verify costs more than all else a small request needs, and the same token comes again and again: which bytes were
 * good under which key is remembered, nothing else. What they say, and whether the key still counts, is looked at each
 * time.
 */
final class Signatures {
    private static final int LONGEST = 8 * 1024;
    private static final int REMEMBERED = 10_000;

    private final Map<String, ECKey> verified = new LinkedHashMap<>(256, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, ECKey> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Empty for whatever is not signed by a key of the ring that is meant for it. */
    Optional<JWSObject> good(String compact, KeyRing keys) {
        if (compact.length() > LONGEST) {
            return Optional.empty();
        }
        try {
            JWSObject jws = JWSObject.parse(compact);
            JWSHeader header = jws.getHeader();
            if (!JWSAlgorithm.ES256.equals(header.getAlgorithm())
                    || header.getKeyID() == null
                    || (header.getCriticalParams() != null
                            && !header.getCriticalParams().isEmpty())) {
                return Optional.empty();
            }
            Optional<ECKey> key = keys.find(header.getKeyID()).filter(Signatures::signs);
            return key.isPresent() && verified(compact, jws, key.get()) ? Optional.of(jws) : Optional.empty();
        } catch (ParseException | JOSEException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private boolean verified(String compact, JWSObject jws, ECKey key) throws JOSEException {
        String bytes = fingerprint(compact);
        synchronized (verified) {
            // Another key may have come under the same name.
            if (key.equals(verified.get(bytes))) {
                return true;
            }
        }
        if (!jws.verify(new ECDSAVerifier(key.toPublicJWK()))) {
            return false;
        }
        synchronized (verified) {
            verified.put(bytes, key);
        }
        return true;
    }

    /** Of the whole of it: a token that differs in one byte is another. */
    private static String fingerprint(String compact) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(compact.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean signs(ECKey key) {
        return Curve.P_256.equals(key.getCurve())
                && (key.getKeyUse() == null || KeyUse.SIGNATURE.equals(key.getKeyUse()))
                && (key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY))
                && (key.getAlgorithm() == null || JWSAlgorithm.ES256.equals(key.getAlgorithm()));
    }
}
