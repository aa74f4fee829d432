package io.kvasir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
    enum Colour {
        RED,
        BLUE
    }

    record Inner(int count) {}

    record Body(String name, Optional<Colour> colour, Optional<Boolean> on, List<Inner> inners) {
        Body {
            inners = inners == null ? List.of() : inners;
        }
    }

    private static FieldError refused(String json) {
        Json.Refusal refusal = catchThrowableOfType(Json.Refusal.class, () -> Json.read(json, Body.class));
        assertThat(refusal).as("refusal of %s", json).isNotNull();
        return ((Rejection.Invalid) refusal.rejection()).errors().getFirst();
    }

    @Test
    void readsWhatItWrites() {
        Body body = new Body("a", Optional.of(Colour.RED), Optional.of(true), List.of(new Inner(3)));

        assertThat(Json.read(Json.write(body), Body.class)).isEqualTo(body);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'name':1}|/name",
                "{'name':true}|/name",
                "{'name':'a','on':'yes'}|/on",
                "{'name':'a','colour':'GREEN'}|/colour",
                "{'name':'a','colour':0}|/colour",
                "{'name':'a','inners':[{'count':'3'}]}|/inners/0/count",
                "{'name':'a','inners':[{'count':1.5}]}|/inners/0/count",
                "{'name':'a','inners':[{'count':null}]}|/inners/0/count",
                "{'name':'a','inners':{}}|/inners",
                "{'name':'a','tenantId':'x'}|/tenantId",
                "{'name':'a','x/y~z':1}|/x~1y~0z",
                "[]|\"\"",
                "null|\"\"",
                "'text'|\"\"",
                "{'name':'a'} {}|\"\"",
                "{'name':'a','name':'b'}|\"\"",
                "{'name':|\"\"",
            })
    void namesTheFieldThatIsWrong(String json, String pointer) {
        assertThat(refused(json.replace('\'', '"')).pointer()).isEqualTo(pointer);
    }

    @Test
    void listsWhatAnEnumMayBe() {
        assertThat(refused("{\"name\":\"a\",\"colour\":\"GREEN\"}").detail())
                .isEqualTo("must be one of \"RED\" \"BLUE\"");
    }

    @Test
    void refusesDeepNestingWithoutFallingOver() {
        assertThat(refused("{\"name\":" + "[".repeat(100_000)).pointer()).isNotNull();
    }
}
