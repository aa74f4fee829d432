package io.kvasir.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.jwk.ECKey;
import io.kvasir.http.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Project Wycheproof's JOSE vectors: the right verdict where the algorithm is ours, a refusal everywhere else. */
class JoseVectorsTest {
    private static final Path VECTORS = Path.of(
                    Optional.ofNullable(System.getenv("KVASIR_TEST_DATA")).orElse("../shared/data"))
            .resolve("security/wycheproof-jose/testvectors_v1");

    @Test
    void everyVectorGetsItsVerdict() throws Exception {
        int seen = 0;
        int accepted = 0;
        List<String> wrong = new ArrayList<>();
        for (String file : List.of("signature", "encryption", "key", "crypto")) {
            JsonNode vectors =
                    Json.MAPPER.readTree(Files.readString(VECTORS.resolve("json_web_" + file + "_test.json")));
            for (JsonNode group : vectors.get("testGroups")) {
                for (JsonNode test : group.get("tests")) {
                    seen++;
                    String compact = test.has("jws")
                            ? test.get("jws").asText()
                            : test.path("jwe").asText();
                    boolean right = test.get("result").asText().equals("valid") && es256(compact);
                    boolean good = new Signatures().good(compact, ring(group)).isPresent();
                    accepted += good ? 1 : 0;
                    if (good != right) {
                        wrong.add(file + " " + test.get("tcId") + " " + test.get("comment") + ": " + good);
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(seen).isEqualTo(649);
        assertThat(accepted).isPositive();
    }

    /** The group's keys, as far as they are of the one kind we have. */
    private static KeyRing ring(JsonNode group) throws Exception {
        JsonNode given = group.has("public") ? group.get("public") : group.get("private");
        List<JsonNode> all = new ArrayList<>();
        (given.has("keys") ? given.get("keys") : Json.MAPPER.createArrayNode().add(given)).forEach(all::add);
        List<ECKey> ours = new ArrayList<>();
        for (JsonNode key : all) {
            try {
                if (key.path("kty").asText().equals("EC") && key.has("kid")) {
                    ours.add(ECKey.parse(key.toString()));
                }
            } catch (ParseException | IllegalArgumentException notAKey) {
                // A broken key is never on our ring.
            }
        }
        ECKey unused = new com.nimbusds.jose.jwk.gen.ECKeyGenerator(com.nimbusds.jose.jwk.Curve.P_256)
                .keyID("unused")
                .generate();
        return KeyRing.of(unused, ours);
    }

    private static boolean es256(String compact) {
        try {
            return Json.MAPPER
                    .readTree(Base64.getUrlDecoder().decode(compact.substring(0, compact.indexOf('.'))))
                    .path("alg")
                    .asText()
                    .equals("ES256");
        } catch (RuntimeException | java.io.IOException e) {
            return false;
        }
    }
}
