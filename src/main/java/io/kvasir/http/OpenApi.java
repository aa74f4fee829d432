package io.kvasir.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The OpenAPI 3.1 document, made from the inventory of endpoints: what is served is what is written. */
public final class OpenApi {
    private static final Pattern PARAMETER = Pattern.compile("\\{([^}]+)}");

    private OpenApi() {}

    public static ObjectNode document(List<Endpoint> endpoints) {
        Schemas schemas = new Schemas();
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("openapi", "3.1.0");
        document.putObject("info")
                .put("title", "Kvasir")
                .put("version", "1")
                .put(
                        "description",
                        "Times are UTC in ISO-8601, ids opaque strings. Errors are application/problem+json (RFC 9457)."
                                + " Lists are read by ?limit= and ?cursor=. x-access names who may call.");
        document.putArray("security").addObject().putArray("bearer");
        Map<String, ObjectNode> paths = new TreeMap<>();
        for (Endpoint endpoint : endpoints) {
            paths.computeIfAbsent(endpoint.path(), _ -> Json.MAPPER.createObjectNode())
                    .set(endpoint.method().name().toLowerCase(Locale.ROOT), operation(endpoint, schemas));
        }
        document.set("paths", Json.MAPPER.valueToTree(paths));
        ObjectNode components = document.putObject("components");
        components
                .putObject("responses")
                .set(
                        "Problem",
                        content(
                                "What is wrong",
                                "application/problem+json",
                                schemas.of(Problem.class, Schemas.Way.WRITTEN)));
        components
                .putObject("securitySchemes")
                .putObject("bearer")
                .put("type", "http")
                .put("scheme", "bearer");
        components.set("schemas", Json.MAPPER.valueToTree(schemas.settle(document)));
        return document;
    }

    private static ObjectNode operation(Endpoint endpoint, Schemas schemas) {
        Operation told = endpoint.operation();
        ObjectNode operation = Json.MAPPER.createObjectNode();
        operation.put("operationId", operationId(endpoint));
        operation.putArray("tags").add(tag(endpoint.path()));
        operation.put("summary", told.summary());
        operation.put("x-access", endpoint.access().name());
        if (endpoint.access().open()) {
            operation.putArray("security");
        }
        ArrayNode parameters = Json.MAPPER.createArrayNode();
        Matcher names = PARAMETER.matcher(endpoint.path());
        while (names.find()) {
            parameters
                    .addObject()
                    .put("name", names.group(1))
                    .put("in", "path")
                    .put("required", true)
                    .putObject("schema")
                    .put("type", "string");
        }
        told.query()
                .forEach((name, parameter) -> parameters
                        .addObject()
                        .put("name", name)
                        .put("in", "query")
                        .put("description", parameter.meaning())
                        .set("schema", schemas.of(parameter.type(), Schemas.Way.READ)));
        if (told.once()) {
            parameters
                    .addObject()
                    .put("name", "Idempotency-Key")
                    .put("in", "header")
                    .put("description", "Repeats of the request with this key give the first answer again")
                    .putObject("schema")
                    .put("type", "string");
        }
        if (!parameters.isEmpty()) {
            operation.set("parameters", parameters);
        }
        body(told, operation, schemas);
        ObjectNode responses = operation.putObject("responses");
        told.gives().forEach((status, answers) -> responses.set(Integer.toString(status), response(answers, schemas)));
        responses.putObject("default").put("$ref", "#/components/responses/Problem");
        return operation;
    }

    private static void body(Operation told, ObjectNode operation, Schemas schemas) {
        told.takes().ifPresent(type -> {
            ObjectNode body = content("", "application/json", schemas.of(type, Schemas.Way.READ));
            body.remove("description");
            operation.set("requestBody", body.put("required", told.must()));
        });
        if (told.form()) {
            ObjectNode schema = Json.MAPPER.createObjectNode().put("type", "object");
            ObjectNode file = schema.putObject("properties").putObject("file").put("type", "array");
            file.putObject("items").put("type", "string").put("format", "binary");
            schema.putArray("required").add("file");
            ObjectNode body = content("", "multipart/form-data", schema);
            body.remove("description");
            operation.set("requestBody", body.put("required", true));
        }
    }

    private static ObjectNode response(List<Operation.Answer> answers, Schemas schemas) {
        ObjectNode response = Json.MAPPER.createObjectNode().put("description", "Done");
        for (Operation.Answer answer : answers) {
            if (!answer.mediaType().isEmpty()) {
                ObjectNode content = response.put("description", "As asked").withObjectProperty("content");
                ObjectNode schema = schema(answer, schemas);
                if (content.get(answer.mediaType()) instanceof ObjectNode before) {
                    ObjectNode either = Json.MAPPER.createObjectNode();
                    ArrayNode all = either.putArray("oneOf");
                    JsonNode first = before.get("schema");
                    if (first.has("oneOf")) {
                        first.get("oneOf").forEach(all::add);
                    } else {
                        all.add(first);
                    }
                    all.add(schema);
                    schema = either;
                }
                content.putObject(answer.mediaType()).set("schema", schema);
            }
        }
        return response;
    }

    private static ObjectNode schema(Operation.Answer answer, Schemas schemas) {
        ObjectNode schema = answer.type()
                .map(type -> schemas.of(type, Schemas.Way.WRITTEN))
                .orElseGet(() -> answer.mediaType().equals("application/json")
                        ? Json.MAPPER.createObjectNode()
                        : Json.MAPPER.createObjectNode().put("type", "string"));
        if (!answer.page()) {
            return schema;
        }
        ObjectNode page = Json.MAPPER.createObjectNode().put("type", "object");
        ObjectNode properties = page.putObject("properties");
        properties.putObject("items").put("type", "array").set("items", schema);
        properties.putObject("nextCursor").putArray("type").add("string").add("null");
        page.putArray("required").add("items").add("nextCursor");
        return page.put("additionalProperties", false);
    }

    private static ObjectNode content(String description, String mediaType, ObjectNode schema) {
        ObjectNode content = Json.MAPPER.createObjectNode().put("description", description);
        content.putObject("content").putObject(mediaType).set("schema", schema);
        return content;
    }

    /** {@code GET /api/v1/knowledge-bases/{kbId}/jobs} is {@code getKnowledgeBasesByKbIdJobs}. */
    private static String operationId(Endpoint endpoint) {
        StringBuilder id = new StringBuilder(endpoint.method().name().toLowerCase(Locale.ROOT));
        for (String segment : endpoint.segments()) {
            if (segment.equals("api") || segment.equals("v1") && endpoint.path().startsWith("/api/")) {
                continue;
            }
            String words = segment.startsWith("{") ? "by-" + segment.substring(1, segment.length() - 1) : segment;
            for (String word : words.split("[^A-Za-z0-9]")) {
                if (!word.isEmpty()) {
                    id.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
                }
            }
        }
        return id.toString();
    }

    private static String tag(String path) {
        String[] segments = path.split("/");
        return segments.length > 3 && segments[1].equals("api")
                ? segments[3]
                : segments.length > 1 ? segments[1] : "pages";
    }
}
