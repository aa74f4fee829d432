package io.kvasir.identity;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The key that signs now, and all whose signatures still count. */
record KeyRing(ECKey signing, Map<String, ECKey> byId) {
    KeyRing {
        byId = Map.copyOf(byId);
    }

    static KeyRing of(ECKey signing, List<ECKey> all) {
        return new KeyRing(signing, all.stream().collect(Collectors.toMap(ECKey::getKeyID, Function.identity())));
    }

    Optional<ECKey> find(String kid) {
        return Optional.ofNullable(byId.get(kid));
    }

    /** The public halves, as {@code /.well-known/jwks.json} shows them. */
    Map<String, Object> shown() {
        return new JWKSet(List.copyOf(byId.values())).toPublicJWKSet().toJSONObject();
    }
}
