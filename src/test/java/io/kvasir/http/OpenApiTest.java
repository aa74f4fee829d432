package io.kvasir.http;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.kernel.KnowledgeBaseId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OpenApiTest {
    enum Colour {
        @JsonProperty("red")
        RED,
        BLUE
    }

    enum Size {
        LARGE;

        @JsonValue
        @Override
        public String toString() {
            return "large";
        }
    }

    record Part(int size) {}

    record Wish(
            String name, Optional<String> note, @Nullable Part part) {}

    record Other(
            @JsonProperty("public") boolean isPublic,
            Size size,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> words) {}

    static final class Elsewhere {
        record Part(String name) {}
    }

    record Thing(
            KnowledgeBaseId id,
            Optional<String> note,
            @Nullable Colour colour,
            List<Part> parts,
            Map<String, Double> scores,
            Instant at,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Part> extra,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Integer> count,
            Optional<Thing> parent) {}

    private static final JsonNode DOCUMENT = OpenApi.document(List.of(
            Endpoint.put("/api/v1/things/{thingId}", Access.MANAGE, _ -> complete("x"))
                    .says("Change a thing")
                    .takes(Thing.class)
                    .gives(200, Thing.class)
                    .heedsKey(),
            Endpoint.get("/api/v1/things", Access.PUBLIC, _ -> complete("x"))
                    .says("List things")
                    .givesPage(Thing.class),
            Endpoint.post("/api/v1/things/{thingId}/files", Access.MANAGE, _ -> complete("x"))
                    .says("Add files")
                    .takesFiles()
                    .givesNothing(),
            Endpoint.post("/api/v1/wishes", Access.MANAGE, _ -> complete("x"))
                    .says("Wish for something")
                    .asks("loud", boolean.class, "Whether it is heard")
                    .mayTake(Wish.class)
                    .gives(200, Other.class)
                    .gives(200, Elsewhere.Part.class)
                    .givesMedia(200, "text/event-stream")));

    @Test
    void everyOperationHasItsPlaceNameAndAccess() {
        JsonNode put = DOCUMENT.at("/paths/~1api~1v1~1things~1{thingId}/put");

        assertThat(put.at("/operationId").asText()).isEqualTo("putThingsByThingId");
        assertThat(put.at("/x-access").asText()).isEqualTo("MANAGE");
        assertThat(put.at("/tags/0").asText()).isEqualTo("things");
        assertThat(put.at("/parameters"))
                .extracting(p -> p.get("name").asText())
                .containsExactly("thingId", "Idempotency-Key");
        assertThat(put.at("/responses/default/$ref").asText()).endsWith("/Problem");
    }

    @Test
    void aPublicOperationAsksForNoCredential() {
        assertThat(DOCUMENT.at("/paths/~1api~1v1~1things/get/security").isEmpty())
                .isTrue();
        assertThat(DOCUMENT.at("/paths/~1api~1v1~1things/get").has("security")).isTrue();
        assertThat(DOCUMENT.at("/paths/~1api~1v1~1things~1{thingId}/put").has("security"))
                .isFalse();
    }

    @Test
    void schemasAreTheRecordsAsTheyAreWritten() {
        JsonNode thing = DOCUMENT.at("/components/schemas/Thing");

        assertThat(thing.at("/properties/id/type").asText()).isEqualTo("string");
        assertThat(thing.at("/properties/note/type").toString()).isEqualTo("[\"string\",\"null\"]");
        assertThat(thing.at("/properties/colour/anyOf/0/enum").toString()).isEqualTo("[\"red\",\"BLUE\"]");
        assertThat(thing.at("/properties/parts/items/$ref").asText()).isEqualTo("#/components/schemas/OpenApiTestPart");
        assertThat(thing.at("/properties/scores/additionalProperties/type").asText())
                .isEqualTo("number");
        assertThat(thing.at("/properties/at/format").asText()).isEqualTo("date-time");
        assertThat(thing.at("/properties/parent/anyOf/0/$ref").asText()).isEqualTo("#/components/schemas/Thing");
        assertThat(thing.at("/required").toString())
                .isEqualTo("[\"id\",\"note\",\"colour\",\"parts\",\"scores\",\"at\",\"parent\"]");
        assertThat(thing.at("/properties/extra/$ref").asText())
                .as("left out rather than null")
                .isEqualTo("#/components/schemas/OpenApiTestPart");
        assertThat(thing.at("/properties/count/type").asText()).isEqualTo("integer");
        assertThat(thing.at("/additionalProperties").asBoolean(true)).isFalse();
    }

    @Test
    void whatIsReadMayLeaveOutWhatMayBeNothing() {
        assertThat(DOCUMENT.at("/components/schemas/Wish/required").toString()).isEqualTo("[\"name\"]");
        assertThat(DOCUMENT.at("/components/schemas/ThingBody/required").toString())
                .isEqualTo("[\"id\",\"parts\",\"scores\",\"at\"]");
        assertThat(DOCUMENT.at("/components/schemas/ThingBody/properties/parent/anyOf/0/$ref")
                        .asText())
                .isEqualTo("#/components/schemas/ThingBody");
    }

    @Test
    void namesAndWordsAreThoseOfTheWire() {
        JsonNode other = DOCUMENT.at("/components/schemas/Other");

        assertThat(other.at("/properties/public/type").asText()).isEqualTo("boolean");
        assertThat(other.at("/properties").has("isPublic")).isFalse();
        assertThat(other.at("/properties/size/enum").toString()).isEqualTo("[\"large\"]");
        assertThat(other.at("/required").toString()).isEqualTo("[\"public\",\"size\"]");
    }

    @Test
    void anAnswerMayBeOneOfSeveral() {
        JsonNode wishes = DOCUMENT.at("/paths/~1api~1v1~1wishes/post");
        JsonNode content = wishes.at("/responses/200/content");

        assertThat(content.at("/application~1json/schema/oneOf"))
                .extracting(choice -> choice.get("$ref").asText())
                .containsExactly("#/components/schemas/Other", "#/components/schemas/ElsewherePart");
        assertThat(content.at("/text~1event-stream/schema/type").asText()).isEqualTo("string");
        assertThat(wishes.at("/requestBody/required").asBoolean(true)).isFalse();
        assertThat(wishes.at("/parameters/0/schema/type").asText()).isEqualTo("boolean");
    }

    @Test
    void pagesAndFilesHaveTheirShape() {
        JsonNode page = DOCUMENT.at("/paths/~1api~1v1~1things/get/responses/200/content/application~1json/schema");
        JsonNode files = DOCUMENT.at(
                "/paths/~1api~1v1~1things~1{thingId}~1files/post/requestBody/content/multipart~1form-data/schema");

        assertThat(page.at("/properties/items/items/$ref").asText()).endsWith("/Thing");
        assertThat(page.at("/required").toString()).isEqualTo("[\"items\",\"nextCursor\"]");
        assertThat(files.at("/properties/file/items/format").asText()).isEqualTo("binary");
    }
}
