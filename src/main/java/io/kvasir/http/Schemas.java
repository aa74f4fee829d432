package io.kvasir.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schema (2020-12, as OpenAPI 3.1 wants it) of records as {@link Json} reads and writes them: names, what is left
 * out and the words of enumerations are asked of that mapper, so that the documentation cannot say anything else than
 * goes over the wire. Of a record that is both read and written there are two: what may be left out differs.
 */
final class Schemas {
    private static final String REFERENCE = "#/components/schemas/";

    /** Which way the JSON goes. */
    enum Way {
        READ,
        WRITTEN
    }

    private record Met(Class<?> type, Way way) {
        String mark() {
            return REFERENCE + way + " " + type.getName();
        }
    }

    private final Map<Met, ObjectNode> met = new LinkedHashMap<>();

    /** A schema, or a mark in place of a record's name, which {@link #settle} knows only when all are met. */
    ObjectNode of(Type type, Way way) {
        return of(type, null, way);
    }

    /**
     * Gives each record met its name, the same whatever order they were met in: its simple name, or where several have
     * that, with the class around it or the end of its package before it; with Body behind it where it is read and
     * written.
     *
     * @param document marks in it become names
     * @return all schemas, by name
     * @throws IllegalArgumentException where two records would have one name
     */
    Map<String, ObjectNode> settle(ObjectNode document) {
        Map<String, Long> simple = met.keySet().stream()
                .map(Met::type)
                .distinct()
                .collect(Collectors.groupingBy(Class::getSimpleName, Collectors.counting()));
        Map<String, String> names = new HashMap<>();
        Map<String, ObjectNode> settled = new TreeMap<>();
        met.forEach((one, schema) -> {
            String name = simple.getOrDefault(one.type().getSimpleName(), 1L) > 1
                    ? longer(one.type())
                    : one.type().getSimpleName();
            if (one.way() == Way.READ && met.containsKey(new Met(one.type(), Way.WRITTEN))) {
                name += "Body";
            }
            names.put(one.mark(), REFERENCE + name);
            if (settled.put(name, schema) != null) {
                throw new IllegalArgumentException("two schemas are called " + name);
            }
        });
        rename(document, names);
        settled.values().forEach(schema -> rename(schema, names));
        return settled;
    }

    private static String longer(Class<?> type) {
        Class<?> around = type.getEnclosingClass();
        String last = type.getPackageName().substring(type.getPackageName().lastIndexOf('.') + 1);
        return (around == null ? Character.toUpperCase(last.charAt(0)) + last.substring(1) : around.getSimpleName())
                + type.getSimpleName();
    }

    private static void rename(JsonNode node, Map<String, String> names) {
        if (node instanceof ObjectNode object && object.get("$ref") instanceof TextNode mark) {
            object.put("$ref", names.getOrDefault(mark.textValue(), mark.textValue()));
        }
        node.forEach(child -> rename(child, names));
    }

    private ObjectNode of(Type type, @Nullable AnnotatedType annotated, Way way) {
        if (type instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            if (raw == Optional.class) {
                return nullable(argument(generic, annotated, 0, way));
            }
            if (Collection.class.isAssignableFrom(raw)) {
                ObjectNode array = schema("array");
                array.set("items", argument(generic, annotated, 0, way));
                return array;
            }
            if (Map.class.isAssignableFrom(raw)) {
                ObjectNode map = schema("object");
                map.set("additionalProperties", argument(generic, annotated, 1, way));
                return map;
            }
            throw new IllegalArgumentException("no schema for " + type);
        }
        Class<?> plain = (Class<?>) type;
        if (plain == String.class || plain == char.class) {
            return schema("string");
        }
        if (plain == int.class || plain == Integer.class || plain == long.class || plain == Long.class) {
            return schema("integer");
        }
        if (plain == double.class || plain == Double.class || plain == float.class) {
            return schema("number");
        }
        if (plain == boolean.class || plain == Boolean.class) {
            return schema("boolean");
        }
        if (plain == Instant.class) {
            return schema("string").put("format", "date-time");
        }
        if (plain == LocalDate.class) {
            return schema("string").put("format", "date");
        }
        if (plain == URI.class) {
            return schema("string").put("format", "uri");
        }
        if (plain.isEnum()) {
            return enumeration(plain);
        }
        if (plain.isRecord()) {
            return record(plain, way);
        }
        return Json.MAPPER.createObjectNode();
    }

    private ObjectNode argument(ParameterizedType generic, @Nullable AnnotatedType annotated, int index, Way way) {
        return of(
                generic.getActualTypeArguments()[index],
                annotated instanceof AnnotatedParameterizedType parameterized
                        ? parameterized.getAnnotatedActualTypeArguments()[index]
                        : null,
                way);
    }

    private ObjectNode record(Class<?> type, Way way) {
        BeanDescription written = Json.MAPPER.getSerializationConfig().introspect(java(type));
        if (written.findJsonValueAccessor() != null) {
            return of(written.findJsonValueAccessor().getRawType(), way);
        }
        Met one = new Met(type, way);
        if (!met.containsKey(one)) {
            met.put(one, schema("object")); // first, so that a record that holds itself ends
            met.put(
                    one,
                    properties(
                            type,
                            way == Way.WRITTEN
                                    ? written
                                    : Json.MAPPER.getDeserializationConfig().introspect(java(type)),
                            way));
        }
        return Json.MAPPER.createObjectNode().put("$ref", one.mark());
    }

    private ObjectNode properties(Class<?> type, BeanDescription described, Way way) {
        ObjectNode object = schema("object");
        ObjectNode properties = object.putObject("properties");
        ArrayNode required = Json.MAPPER.createArrayNode();
        Map<String, RecordComponent> components = Arrays.stream(type.getRecordComponents())
                .collect(Collectors.toMap(RecordComponent::getName, Function.identity()));
        for (BeanPropertyDefinition property : described.findProperties()) {
            RecordComponent component = components.get(property.getInternalName());
            if (component == null) {
                throw new IllegalArgumentException(type + " has a property beside its components: " + property);
            }
            boolean absent = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            boolean optional = component.getType() == Optional.class;
            boolean left =
                    way == Way.READ ? absent || optional : leftOut(described, property, component, absent || optional);
            ObjectNode schema = of(component.getGenericType(), component.getAnnotatedType(), way);
            // What is left out rather than written as null is never null.
            properties.set(
                    property.getName(),
                    way == Way.WRITTEN && left ? plain(schema) : absent ? nullable(schema) : schema);
            if (!left) {
                required.add(property.getName());
            }
        }
        if (!required.isEmpty()) {
            object.set("required", required);
        }
        object.put("additionalProperties", false);
        return object;
    }

    private static boolean leftOut(
            BeanDescription described, BeanPropertyDefinition property, RecordComponent component, boolean mayBeNone) {
        JsonInclude.Value told = described
                .findPropertyInclusion(Json.MAPPER.getSerializationConfig().getDefaultPropertyInclusion())
                .withOverrides(property.findInclusion());
        return switch (told.getValueInclusion()) {
            case NON_NULL -> mayBeNone && component.getType() != Optional.class;
            case NON_ABSENT -> mayBeNone;
            case NON_EMPTY ->
                mayBeNone
                        || component.getType() == String.class
                        || Collection.class.isAssignableFrom(component.getType())
                        || Map.class.isAssignableFrom(component.getType());
            default -> false;
        };
    }

    private static JavaType java(Class<?> type) {
        return Json.MAPPER.constructType(type);
    }

    /** As {@link Json} writes its constants. */
    private static ObjectNode enumeration(Class<?> type) {
        ObjectNode schema = schema("string");
        ArrayNode values = schema.putArray("enum");
        Arrays.stream(type.getEnumConstants())
                .forEach(constant -> values.add(Json.MAPPER.<JsonNode>valueToTree(constant)));
        return schema;
    }

    private static ObjectNode nullable(ObjectNode schema) {
        if (schema.isEmpty() || schema.has("anyOf") || schema.path("type").isArray()) {
            return schema;
        }
        if (schema.path("type").isTextual() && !schema.has("enum")) {
            String type = schema.get("type").textValue();
            schema.putArray("type").add(type).add("null");
            return schema;
        }
        ObjectNode either = Json.MAPPER.createObjectNode();
        either.putArray("anyOf").add(schema).add(schema("null"));
        return either;
    }

    /** The other way round. */
    private static ObjectNode plain(ObjectNode schema) {
        if (schema.path("type").isArray()) {
            return schema.put("type", schema.get("type").get(0).textValue());
        }
        return schema.has("anyOf") ? (ObjectNode) schema.get("anyOf").get(0) : schema;
    }

    private static ObjectNode schema(String type) {
        return Json.MAPPER.createObjectNode().put("type", type);
    }
}
