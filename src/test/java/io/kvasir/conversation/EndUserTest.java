package io.kvasir.conversation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvasir.http.Json;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Who may be said to talk: it stands in every page of the conversation, so it is short. */
class EndUserTest {
    private static final String LONGEST = "x".repeat(300);
    private static final String LONGER = LONGEST + "x";

    private static ConversationRoutes.Start started(Object endUser) {
        return Json.read(Json.write(Map.of("kbId", "kb", "endUser", endUser)), ConversationRoutes.Start.class);
    }

    private static List<FieldError> refused(Object endUser) {
        Json.Refusal refusal = catchThrowableOfType(Json.Refusal.class, () -> started(endUser));
        return ((Rejection.Invalid) refusal.rejection()).errors();
    }

    private static FieldError tooLong(String pointer) {
        return new FieldError(pointer, "must have at most 300 characters");
    }

    private static Map<String, String> metadata(int entries) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < entries; i++) {
            all.put("key " + i, LONGEST);
        }
        return all;
    }

    @Test
    void whatIsAsLongAsItMayBeIsTaken() {
        assertThat(started(Map.of("name", LONGEST, "email", LONGEST, "phone", LONGEST, "metadata", metadata(20)))
                        .endUser())
                .isNotNull();
    }

    @Test
    void whatIsNullIsNotThere() {
        Map<String, Object> nulls = new HashMap<>();
        nulls.put("name", null);
        nulls.put("metadata", null);
        assertThat(started(nulls).endUser()).isNotNull();

        Map<String, Object> one = new HashMap<>();
        one.put("key", null);
        assertThat(started(Map.of("metadata", one)).endUser()).isNotNull();
    }

    @Test
    void everythingTooLongIsNamed() {
        assertThat(refused(Map.of("name", LONGER, "email", LONGER, "phone", LONGER)))
                .containsExactly(tooLong("/endUser/name"), tooLong("/endUser/email"), tooLong("/endUser/phone"));
    }

    @Test
    void metadataIsLimitedInNumberKeysAndValues() {
        assertThat(refused(Map.of("metadata", metadata(21))))
                .containsExactly(new FieldError("/endUser/metadata", "must have at most 20 entries"));
        assertThat(refused(Map.of("metadata", Map.of(LONGER, "v"))))
                .containsExactly(new FieldError("/endUser/metadata", "must have keys of at most 300 characters"));
        assertThat(refused(Map.of("metadata", Map.of("a/b~c", LONGER))))
                .containsExactly(tooLong("/endUser/metadata/a~1b~0c"));
    }

    @Test
    void aSignedVisitorHasTheSameLimits() throws Exception {
        String user = Json.write(Map.of("id", "7", "name", LONGER, "metadata", Map.of("plan", LONGER)));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("secret".getBytes(UTF_8), "HmacSHA256"));
        SignedVisitor signed = new SignedVisitor(user, HexFormat.of().formatHex(mac.doFinal(user.getBytes(UTF_8))));

        Json.Refusal refusal =
                catchThrowableOfType(Json.Refusal.class, () -> signed.known(Optional.of("secret"), Surroundings.NOW));

        assertThat(((Rejection.Invalid) refusal.rejection()).errors())
                .containsExactly(tooLong("/user/name"), tooLong("/user/metadata/plan"));
    }
}
