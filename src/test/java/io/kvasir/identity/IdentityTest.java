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
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.UserId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.class)
class IdentityTest {
    private static final TokenSettings SETTINGS =
            new TokenSettings("kvasir", Duration.ofMinutes(15), Duration.ofMinutes(15));
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    private final Database database;
    private final Transactor transactor;
    private final SubjectKeys keys;

    IdentityTest(TestDatabase kind) {
        database = kind.open();
        transactor = new Transactor(database.dataSource(), 4);
        keys = new SubjectKeys(transactor, TestDatabase.masterKey());
    }

    @AfterEach
    void close() {
        transactor.close();
        database.close();
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private Identity identityAt(Instant now) {
        return join(Identity.open(transactor, keys, SETTINGS, Clock.fixed(now, ZoneOffset.UTC)));
    }

    private static String token(Outcome<Identity.Access> outcome) {
        return ((Outcome.Done<Identity.Access>) outcome).value().accessToken();
    }

    @Test
    void theOwnerLogsInWithThePasswordMadeUpAtTheFirstStart() {
        Identity identity = identityAt(NOW);
        Identity.Owner owner = join(identity.ensureOwner("Owner@Localhost", Optional.empty()));

        String token =
                token(join(identity.login(" owner@localhost ", owner.madeUp().orElseThrow())));

        Principal principal = join(identity.authenticate(token)).orElseThrow();
        assertThat(principal.user()).isEqualTo(owner.user());
        assertThat(principal.tenant()).isEqualTo(owner.tenant());
        assertThat(principal.roles()).containsExactly(Role.OWNER);
    }

    @Test
    void theOwnerStaysTheSameOverRestarts() {
        Identity.Owner first = join(identityAt(NOW).ensureOwner("o@x", Optional.empty()));
        Identity.Owner second = join(identityAt(NOW).ensureOwner("o@x", Optional.empty()));

        assertThat(second).isEqualTo(new Identity.Owner(first.user(), first.tenant(), Optional.empty()));
    }

    @Test
    void aNewlyConfiguredPasswordCounts() {
        join(identityAt(NOW).ensureOwner("o@x", Optional.of("first password")));
        Identity identity = identityAt(NOW);
        join(identity.ensureOwner("o@x", Optional.of("second password")));

        assertThat(join(identity.login("o@x", "second password"))).isInstanceOf(Outcome.Done.class);
        assertThat(join(identity.login("o@x", "first password"))).isInstanceOf(Outcome.Refused.class);
    }

    @Test
    void aWrongPasswordAndAnUnknownAddressLookAlike() {
        Identity identity = identityAt(NOW);
        join(identity.ensureOwner("o@x", Optional.of("password")));
        Rejection wrong = new Rejection.Unauthenticated("E-mail address or password is wrong");

        assertThat(join(identity.login("o@x", "wrong"))).isEqualTo(Outcome.refused(wrong));
        assertThat(join(identity.login("nobody@x", "password"))).isEqualTo(Outcome.refused(wrong));
    }

    @Test
    void tokensOutliveARestart() {
        Identity before = identityAt(NOW);
        join(before.ensureOwner("o@x", Optional.of("password")));
        String token = token(join(before.login("o@x", "password")));

        assertThat(join(identityAt(NOW.plusSeconds(60)).authenticate(token))).isPresent();
    }

    @Test
    void tokensEnd() {
        Identity identity = identityAt(NOW);
        join(identity.ensureOwner("o@x", Optional.of("password")));
        String token = token(join(identity.login("o@x", "password")));

        assertThat(join(identityAt(NOW.plus(Duration.ofMinutes(15)).minusMillis(1))
                        .authenticate(token)))
                .isPresent();
        assertThat(join(identityAt(NOW.plus(Duration.ofMinutes(15))).authenticate(token)))
                .isEmpty();
    }

    @Test
    void aVisitorsTokenIsBoundToItsConversation() {
        ConversationId conversation = ConversationId.next();
        Identity identity = identityAt(NOW);
        String token =
                identity.visitor(new TenantId("t"), UserId.next(), conversation).accessToken();

        Principal visitor = join(identity.authenticate(token)).orElseThrow();
        assertThat(visitor.roles()).containsExactly(Role.END_USER);
        assertThat(visitor.mayTouch(conversation)).isTrue();
        assertThat(visitor.mayTouch(ConversationId.next())).isFalse();
        assertThat(visitor.manages()).isFalse();
    }

    @Test
    void anEndUserBoundToNoConversationTouchesNone() {
        Principal unbound =
                new Principal(UserId.next(), new TenantId("t"), java.util.Set.of(Role.END_USER), Optional.empty());

        assertThat(unbound.mayTouch(ConversationId.next())).isFalse();
    }

    // What attackers send: each differs from a good token in one thing.

    private final ECKey key = newKey("k1");
    private final Tokens tokens = new Tokens(key, SETTINGS, Clock.fixed(NOW, ZoneOffset.UTC));

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
                .claim("roles", List.of("OWNER"))
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
    void refusesGarbage() {
        assertThat(List.of("", ".", "a.b.c", "eyJ.eyJ.x", "\u0000").stream().map(tokens::verify))
                .allMatch(Optional::isEmpty);
    }
}
