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
import java.text.ParseException;
import java.util.Optional;

/** Whether a compact JWS was signed by one of our keys: ES256 and nothing else, at most 8 KiB, no critical headers. */
final class Signatures {
    private static final int LONGEST = 8 * 1024;

    private Signatures() {}

    /** Empty for whatever is not signed by a key of the ring that is meant for it. */
    static Optional<JWSObject> good(String compact, KeyRing keys) {
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
            return key.isPresent() && jws.verify(new ECDSAVerifier(key.get().toPublicJWK()))
                    ? Optional.of(jws)
                    : Optional.empty();
        } catch (ParseException | JOSEException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean signs(ECKey key) {
        return Curve.P_256.equals(key.getCurve())
                && (key.getKeyUse() == null || KeyUse.SIGNATURE.equals(key.getKeyUse()))
                && (key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY))
                && (key.getAlgorithm() == null || JWSAlgorithm.ES256.equals(key.getAlgorithm()));
    }
}
