package io.kvasir.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * JSON Schema (2020-12, as OpenAPI 3.1 wants it) of records as {@link Json} reads and writes them: that dialect and
 * nothing more, so that the documentation cannot say anything else than the code does.
 */
final class Schemas {
    private final Map<String, ObjectNode> named = new TreeMap<>();
    private final Map<String, Class<?>> owners = new TreeMap<>();

    /** Schemas of all records met so far, by name. */
    Map<String, ObjectNode> named() {
        return named;
    }

    /** A schema, or a reference to one that has a name. */
    ObjectNode of(Type type) {
        return of(type, null);
    }

    private ObjectNode of(Type type, @Nullable AnnotatedType annotated) {
        if (type instanceof ParameterizedType generic) {
            Class<?> raw = (Class<?>) generic.getRawType();
            if (raw == Optional.class) {
                return nullable(argument(generic, annotated, 0));
            }
            if (Collection.class.isAssignableFrom(raw)) {
                ObjectNode array = schema("array");
                array.set("items", argument(generic, annotated, 0));
                return array;
            }
            if (Map.class.isAssignableFrom(raw)) {
                ObjectNode map = schema("object");
                map.set("additionalProperties", argument(generic, annotated, 1));
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
        if (plain.isEnum()) {
            return enumeration(plain);
        }
        if (plain.isRecord()) {
            return record(plain);
        }
        return Json.MAPPER.createObjectNode();
    }

    private ObjectNode argument(ParameterizedType generic, @Nullable AnnotatedType annotated, int index) {
        return of(
                generic.getActualTypeArguments()[index],
                annotated instanceof AnnotatedParameterizedType parameterized
                        ? parameterized.getAnnotatedActualTypeArguments()[index]
                        : null);
    }

    private ObjectNode record(Class<?> type) {
        for (RecordComponent component : type.getRecordComponents()) {
            if (marked(type, component, JsonValue.class)) {
                return of(component.getGenericType());
            }
        }
        String name = name(type);
        if (owners.putIfAbsent(name, type) == null) {
            named.put(name, schema("object")); // first, so that a record that holds itself ends
            named.put(name, properties(type));
        }
        return Json.MAPPER.createObjectNode().put("$ref", "#/components/schemas/" + name);
    }

    private ObjectNode properties(Class<?> type) {
        ObjectNode object = schema("object");
        ObjectNode properties = object.putObject("properties");
        ArrayNode required = Json.MAPPER.createArrayNode();
        boolean sparse = type.isAnnotationPresent(JsonInclude.class);
        for (RecordComponent component : type.getRecordComponents()) {
            boolean absent = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            ObjectNode schema = of(component.getGenericType(), component.getAnnotatedType());
            properties.set(component.getName(), absent ? nullable(schema) : schema);
            boolean optional = component.getType() == Optional.class;
            if (!absent && !(optional && (sparse || marked(type, component, JsonInclude.class)))) {
                required.add(component.getName());
            }
        }
        if (!required.isEmpty()) {
            object.set("required", required);
        }
        object.put("additionalProperties", false);
        return object;
    }

    private static boolean marked(
            Class<?> type, RecordComponent component, Class<? extends java.lang.annotation.Annotation> mark) {
        try {
            Method accessor = component.getAccessor();
            AnnotatedElement field = type.getDeclaredField(component.getName());
            return accessor.isAnnotationPresent(mark) || field.isAnnotationPresent(mark);
        } catch (NoSuchFieldException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Two records of one simple name are told apart by the class around them, or by their package. */
    private String name(Class<?> type) {
        String name = type.getSimpleName();
        if (owners.getOrDefault(name, type) == type) {
            return name;
        }
        Class<?> around = type.getEnclosingClass();
        String last = type.getPackageName().substring(type.getPackageName().lastIndexOf('.') + 1);
        String longer =
                (around == null ? Character.toUpperCase(last.charAt(0)) + last.substring(1) : around.getSimpleName())
                        + name;
        if (owners.getOrDefault(longer, type) != type) {
            throw new IllegalArgumentException("two schemas are called " + longer);
        }
        return longer;
    }

    private static ObjectNode enumeration(Class<?> type) {
        ObjectNode schema = schema("string");
        ArrayNode values = schema.putArray("enum");
        Arrays.stream(type.getEnumConstants()).forEach(constant -> values.add(written((Enum<?>) constant)));
        return schema;
    }

    private static String written(Enum<?> constant) {
        try {
            JsonProperty name =
                    constant.getDeclaringClass().getField(constant.name()).getAnnotation(JsonProperty.class);
            return name == null ? constant.name() : name.value();
        } catch (NoSuchFieldException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static ObjectNode nullable(ObjectNode schema) {
        if (schema.has("type") && schema.get("type").isTextual() && !schema.has("enum")) {
            String type = schema.get("type").textValue();
            schema.putArray("type").add(type).add("null");
            return schema;
        }
        ObjectNode either = Json.MAPPER.createObjectNode();
        either.putArray("anyOf").add(schema).add(schema("null"));
        return either;
    }

    private static ObjectNode schema(String type) {
        return Json.MAPPER.createObjectNode().put("type", type);
    }
}
