package io.kvasir.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.kvasir.kernel.TestClock;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What attackers send: each token differs from a good one in one thing. */
class TokensTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final ECKey key = newKey("k1");
    private final Tokens tokens =
            new Tokens(() -> KeyRing.of(key, List.of(key)), House.TOKENS, Clock.fixed(NOW, ZoneOffset.UTC));

    private static ECKey newKey(String kid) {
        try {
            return new ECKeyGenerator(Curve.P_256).keyID(kid).generate();
        } catch (com.nimbusds.jose.JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .subject("u")
                .claim("tenant", "t")
                .claim("sid", "s")
                .issuer("kvasir")
                .audience("kvasir:user")
                .expirationTime(Date.from(NOW.plusSeconds(60)));
    }

    private static JWSHeader.Builder header() {
        return new JWSHeader.Builder(JWSAlgorithm.ES256)
                .type(new JOSEObjectType("at+jwt"))
                .keyID("k1");
    }

    private static String signed(JWSHeader header, JWTClaimsSet claims, ECKey with) throws Exception {
        SignedJWT jwt = new SignedJWT(header, claims);
        jwt.sign(new ECDSASigner(with));
        return jwt.serialize();
    }

    @Test
    void theControlIsAccepted() throws Exception {
        assertThat(tokens.verify(signed(header().build(), claims().build(), key)))
                .isPresent();
    }

    @Test
    void refusesAnotherKeyUnderOurKid() throws Exception {
        assertThat(tokens.verify(signed(header().build(), claims().build(), newKey("k1"))))
                .isEmpty();
    }

    @Test
    void refusesAnUnknownKid() throws Exception {
        assertThat(tokens.verify(signed(header().keyID("k2").build(), claims().build(), key)))
                .isEmpty();
    }

    @Test
    void refusesAnotherType() throws Exception {
        assertThat(tokens.verify(signed(header().type(JOSEObjectType.JWT).build(), claims().build(), key)))
                .isEmpty();
    }

    @Test
    void refusesAnUnsignedToken() {
        assertThat(tokens.verify(new PlainJWT(claims().build()).serialize())).isEmpty();
    }

    @Test
    void refusesHmacWithThePublicKey() throws Exception {
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                        .type(new JOSEObjectType("at+jwt"))
                        .keyID("k1")
                        .build(),
                claims().build());
        jwt.sign(new MACSigner(key.toPublicJWK().toJSONString().getBytes(java.nio.charset.StandardCharsets.UTF_8)));

        assertThat(tokens.verify(jwt.serialize())).isEmpty();
    }

    @Test
    void refusesAnotherIssuer() throws Exception {
        assertThat(tokens.verify(
                        signed(header().build(), claims().issuer("other").build(), key)))
                .isEmpty();
    }

    @Test
    void refusesAnotherAudience() throws Exception {
        assertThat(tokens.verify(signed(
                        header().build(), claims().audience("kvasir:reset").build(), key)))
                .isEmpty();
    }

    @Test
    void refusesTwoAudiences() throws Exception {
        assertThat(tokens.verify(signed(
                        header().build(),
                        claims().audience(List.of("kvasir:user", "kvasir:visitor"))
                                .build(),
                        key)))
                .isEmpty();
    }

    @Test
    void refusesATokenWithoutEnd() throws Exception {
        assertThat(tokens.verify(
                        signed(header().build(), claims().expirationTime(null).build(), key)))
                .isEmpty();
    }

    @Test
    void refusesAVisitorWithoutConversation() throws Exception {
        assertThat(tokens.verify(signed(
                        header().build(), claims().audience("kvasir:visitor").build(), key)))
                .isEmpty();
    }

    @Test
    void refusesAnOversizedToken() throws Exception {
        assertThat(tokens.verify(signed(
                        header().build(),
                        claims().claim("pad", "x".repeat(9_000)).build(),
                        key)))
                .isEmpty();
    }

    @Test
    void refusesAnEndedToken() throws Exception {
        assertThat(tokens.verify(signed(
                        header().build(),
                        claims().expirationTime(Date.from(NOW)).build(),
                        key)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sub", "tenant", "sid", "iss", "aud", "exp"})
    void refusesATokenThatLacksAClaim(String claim) throws Exception {
        assertThat(tokens.verify(
                        signed(header().build(), claims().claim(claim, null).build(), key)))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"sub", "tenant", "sid"})
    void refusesAClaimThatIsNoId(String claim) throws Exception {
        assertThat(tokens.verify(
                        signed(header().build(), claims().claim(claim, "../x").build(), key)))
                .isEmpty();
        assertThat(tokens.verify(signed(
                        header().build(),
                        claims().claim(claim, List.of("a", "b")).build(),
                        key)))
                .isEmpty();
    }

    @Test
    void refusesCriticalHeaders() throws Exception {
        assertThat(tokens.verify(signed(
                        header().criticalParams(java.util.Set.of("strange"))
                                .customParam("strange", true)
                                .build(),
                        claims().build(),
                        key)))
                .isEmpty();
    }

    @Test
    void refusesGarbage() {
        assertThat(List.of("", ".", "a.b.c", "eyJ.eyJ.x", "\u0000").stream().map(tokens::verify))
                .allMatch(Optional::isEmpty);
    }

    /** What was good once is remembered by its bytes and its key; whatever else it takes is asked again each time. */
    @Test
    void whatWasGoodIsNotGoodForEver() throws Exception {
        AtomicReference<KeyRing> ring = new AtomicReference<>(KeyRing.of(key, List.of(key)));
        TestClock clock = new TestClock();
        Tokens remembering = new Tokens(ring::get, House.TOKENS, clock);
        String token = signed(header().build(), claims().build(), key);
        assertThat(remembering.verify(token)).isPresent();
        assertThat(remembering.verify(token)).as("again").isPresent();

        String[] parts = token.split("\\.");
        String other =
                signed(header().build(), claims().subject("somebody-else").build(), newKey("k1"));
        assertThat(remembering.verify(parts[0] + "." + other.split("\\.")[1] + "." + parts[2]))
                .as("other words under a signature that was good")
                .isEmpty();

        ECKey successor = newKey("k1");
        ring.set(KeyRing.of(successor, List.of(successor)));
        assertThat(remembering.verify(token)).as("another key under its name").isEmpty();
        ring.set(KeyRing.of(successor, List.of(newKey("k2"))));
        assertThat(remembering.verify(token)).as("its key is gone").isEmpty();
        ring.set(KeyRing.of(key, List.of(key)));
        assertThat(remembering.verify(token)).isPresent();

        clock.forward(Duration.ofSeconds(61));
        assertThat(remembering.verify(token)).as("it has ended").isEmpty();
    }
}
