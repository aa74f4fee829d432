package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** Holds JSON against the server's own OpenAPI document: the part of JSON Schema that the document speaks. */
final class Described {
    private final JsonNode document;

    Described(JsonNode document) {
        this.document = document;
    }

    /** @return what of an answer is not as the document says, with where it is; empty where all is */
    List<String> faults(String method, String template, int status, JsonNode body) {
        JsonNode operation = document.path("paths").path(template).path(method);
        if (operation.isMissingNode()) {
            return List.of("the document has no " + method + " " + template);
        }
        JsonNode answer = operation.path("responses").path(Integer.toString(status));
        if (answer.isMissingNode()) {
            return List.of("the document has no answer " + status);
        }
        List<String> faults = new ArrayList<>();
        JsonNode schema = answer.path("content").path("application/json").path("schema");
        if (schema.isMissingNode()) {
            if (!body.isMissingNode() && !body.isNull()) {
                faults.add("a body where the document has none: " + body);
            }
        } else {
            hold(body, schema, "", faults);
        }
        return faults;
    }

    /** A problem against the one that stands for all refusals. */
    List<String> problem(JsonNode body) {
        List<String> faults = new ArrayList<>();
        hold(body, document.at("/components/responses/Problem/content/application~1problem+json/schema"), "", faults);
        return faults;
    }

    private void hold(JsonNode value, JsonNode schema, String at, List<String> faults) {
        if (schema.has("$ref")) {
            hold(value, document.at(schema.get("$ref").asText().substring(1)), at, faults);
            return;
        }
        for (String any : List.of("anyOf", "oneOf")) {
            if (schema.has(any)) {
                List<String> least = null;
                for (JsonNode choice : schema.get(any)) {
                    List<String> those = new ArrayList<>();
                    hold(value, choice, at, those);
                    if (least == null || those.size() < least.size()) {
                        least = those;
                    }
                }
                faults.addAll(least == null ? List.of() : least);
                return;
            }
        }
        if (schema.has("type") && !typed(value, schema.get("type"))) {
            faults.add(at + " is " + value + ", not " + schema.get("type"));
            return;
        }
        if (schema.has("enum") && !new HashSet<>(texts(schema.get("enum"))).contains(value.asText())) {
            faults.add(at + " is " + value + ", none of " + schema.get("enum"));
        }
        if (value.isTextual()
                && schema.has("format")
                && !formatted(value.asText(), schema.get("format").asText())) {
            faults.add(at + " is " + value + ", no " + schema.get("format"));
        }
        if (value.isArray()) {
            for (int i = 0; i < value.size(); i++) {
                hold(value.get(i), schema.path("items"), at + "/" + i, faults);
            }
        }
        if (value.isObject()) {
            for (String name : texts(schema.path("required"))) {
                if (!value.has(name)) {
                    faults.add(at + "/" + name + " is missing");
                }
            }
            value.properties().forEach(entry -> {
                JsonNode own = schema.path("properties").path(entry.getKey());
                JsonNode more = schema.path("additionalProperties");
                if (!own.isMissingNode()) {
                    hold(entry.getValue(), own, at + "/" + entry.getKey(), faults);
                } else if (more.isObject()) {
                    hold(entry.getValue(), more, at + "/" + entry.getKey(), faults);
                } else if (more.isBoolean() && !more.asBoolean()) {
                    faults.add(at + "/" + entry.getKey() + " is not in the document");
                }
            });
        }
    }

    private static boolean typed(JsonNode value, JsonNode type) {
        if (type.isArray()) {
            for (JsonNode one : type) {
                if (typed(value, one)) {
                    return true;
                }
            }
            return false;
        }
        return switch (type.asText()) {
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            case "array" -> value.isArray();
            case "object" -> value.isObject();
            default -> throw new IllegalArgumentException("no such type " + type);
        };
    }

    private static boolean formatted(String text, String format) {
        try {
            switch (format) {
                case "date-time" -> Instant.parse(text);
                case "date" -> LocalDate.parse(text);
                default -> {}
            }
            return true;
        } catch (DateTimeParseException e) {
            return false;
        }
    }

    private static List<String> texts(JsonNode array) {
        List<String> all = new ArrayList<>();
        array.forEach(one -> all.add(one.asText()));
        return all;
    }
}
