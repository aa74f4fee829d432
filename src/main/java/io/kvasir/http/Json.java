package io.kvasir.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import com.fasterxml.jackson.module.paramnames.ParameterNamesModule;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import java.io.IOException;
import java.util.List;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;

/** The one JSON dialect of the outer face: camelCase, ISO-8601 UTC, unknown fields, duplicates and wrong types refused. */
public final class Json {
    /** Longest string in a body, UTF-16 units; routes set tighter limits on their fields. */
    private static final int LONGEST_STRING = 1_000_000;

    public static final ObjectMapper MAPPER = JsonMapper.builder()
            .addModules(new Jdk8Module(), new JavaTimeModule(), new ParameterNamesModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .serializationInclusion(JsonInclude.Include.ALWAYS)
            .withCoercionConfig(
                    LogicalType.Textual,
                    c -> c.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                            .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .build();

    static {
        MAPPER.getFactory()
                .setStreamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(LONGEST_STRING)
                        .maxNestingDepth(50)
                        .maxNumberLength(40)
                        .build());
    }

    private Json() {}

    /** Reads a body; a broken one fails with {@link Refusal}, which {@link Problems} answers as 400. */
    public static <T> Unmarshaller<HttpEntity, T> body(Class<T> type) {
        return Unmarshaller.forMediaTypes(
                List.of(MediaTypes.APPLICATION_JSON),
                Unmarshaller.entityToString().thenApply(text -> read(text, type)));
    }

    /** @throws Refusal where the text is not the JSON of this type */
    public static <T> T read(String text, Class<T> type) {
        try {
            T value = MAPPER.readValue(text, type);
            if (value == null) {
                throw new Refusal(Rejection.Invalid.field("", "must not be null"));
            }
            return value;
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof Refusal refusal) {
                throw refusal;
            }
            throw new Refusal(Rejection.Invalid.field(pointer(e), said(e)));
        } catch (StreamConstraintsException e) {
            throw new Refusal(Rejection.Invalid.field("", "too long or too deeply nested"));
        } catch (JsonProcessingException e) {
            throw new Refusal(Rejection.Invalid.field(
                    "",
                    "not valid JSON"
                            + (e.getLocation() == null
                                    ? ""
                                    : " (line " + e.getLocation().getLineNr() + ", column "
                                            + e.getLocation().getColumnNr() + ")")));
        }
    }

    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write " + value.getClass(), e);
        }
    }

    public static HttpResponse response(StatusCode status, Object body) {
        return HttpResponse.create()
                .withStatus(status)
                .withEntity(HttpEntities.create(ContentTypes.APPLICATION_JSON, bytes(body)));
    }

    public static HttpResponse ok(Object body) {
        return response(StatusCodes.OK, body);
    }

    public static HttpResponse created(Object body) {
        return response(StatusCodes.CREATED, body);
    }

    private static String pointer(JsonMappingException e) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            path.append('/');
            if (step.getFieldName() == null) {
                path.append(step.getIndex());
            } else {
                path.append(step.getFieldName().replace("~", "~0").replace("/", "~1"));
            }
        }
        return JsonPointer.compile(path.toString()).toString();
    }

    private static String said(JsonMappingException e) {
        return switch (e) {
            case UnrecognizedPropertyException _ -> "unknown field";
            case com.fasterxml.jackson.databind.exc.InvalidFormatException bad ->
                "must be " + kind(bad.getTargetType());
            case com.fasterxml.jackson.databind.exc.MismatchedInputException bad
            when bad.getTargetType() != null -> "must be " + kind(bad.getTargetType());
            default ->
                e.getCause() instanceof IllegalArgumentException ? "is not valid" : "is missing or of the wrong type";
        };
    }

    private static String kind(Class<?> type) {
        if (type.isEnum()) {
            StringBuilder names = new StringBuilder("one of");
            for (Object constant : type.getEnumConstants()) {
                names.append(' ').append(write(constant));
            }
            return names.toString();
        }
        if (type == String.class) {
            return "a string";
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == double.class || type == Double.class) {
            return "a number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        return java.util.Collection.class.isAssignableFrom(type) ? "an array" : "an object";
    }

    /** A refusal on its way out of a place that can only throw; no stack trace, it is no bug. */
    public static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient Rejection rejection;

        public Refusal(Rejection rejection) {
            super(rejection.detail(), null, false, false);
            this.rejection = rejection;
        }

        public Rejection rejection() {
            return rejection;
        }

        /** For {@code @NullMarked} callers that only have the errors. */
        public static Refusal of(FieldError... errors) {
            return new Refusal(new Rejection.Invalid("The request has invalid fields", List.of(errors)));
        }
    }
}
