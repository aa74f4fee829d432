package io.kvasir.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Authenticated;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Endpoints;
import io.kvasir.http.HttpServerForTests;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.jdbc.JdbcRememberedReplies;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.UserId;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Routes over a desk, asked by the owner of its knowledge base. */
public final class Posts implements AutoCloseable {
    private final SourceDesk desk;
    private final HttpServerForTests server;
    private final String base;

    public Posts(SourceDesk desk, Function<Idempotent, List<Endpoint>> routes) {
        this.desk = desk;
        Principal owner =
                new Principal(new UserId("u"), desk.scope.tenant(), Set.of(Principal.Role.OWNER), Optional.empty());
        Idempotent idempotent = new Idempotent(
                new JdbcRememberedReplies(desk.transactor, desk.keys, Clock.systemUTC(), "here", _ -> false));
        server = HttpServerForTests.serving(new Endpoints(
                        routes.apply(idempotent),
                        new Authenticated(_ -> CompletableFuture.completedFuture(Optional.of(owner))))
                .route());
        base = "/api/v1/knowledge-bases/" + desk.scope.knowledgeBase();
    }

    /** @param path below the knowledge base */
    public HttpResponse<String> post(String path, String json, String key) throws Exception {
        return post(path, "application/json", json, key);
    }

    public HttpResponse<String> post(String path, String type, String body, String key) throws Exception {
        return server.send(at(path).header("Content-Type", type)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    /** It is done, and nobody hears so: the connection breaks after the commit. @param insert what is committed */
    public void unheard(String insert, String path, String json, String key) throws Exception {
        desk.commits.after(insert);
        assertThat(post(path, json, key).statusCode()).isEqualTo(503);
        assertThat(desk.commits.lost()).isTrue();
    }

    /** The ids of what is listed there. */
    public List<String> ids(String path) throws Exception {
        HttpResponse<String> listed = server.send(at(path));
        assertThat(listed.statusCode()).as(listed.body()).isEqualTo(200);
        List<String> ids = new ArrayList<>();
        Json.MAPPER.readTree(listed.body()).get("items").forEach(item -> ids.add(id(item)));
        return ids;
    }

    /** Of what was created. */
    public static String id(HttpResponse<String> created) throws Exception {
        assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
        return id(Json.MAPPER.readTree(created.body()));
    }

    private static String id(JsonNode thing) {
        return thing.get("id").asText();
    }

    private HttpRequest.Builder at(String path) {
        return HttpRequest.newBuilder(server.uri(base + path)).header("Authorization", "Bearer owner");
    }

    @Override
    public void close() throws Exception {
        server.close();
    }
}
