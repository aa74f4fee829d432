package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/** The outer face as a client uses it. */
public final class Api implements AutoCloseable {
    private final Function<String, URI> uri;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private String token = "";

    public Api(Function<String, URI> uri) {
        this.uri = uri;
    }

    /** A client that is logged in as the owner. */
    public static Api owner(ServerProcess server) throws IOException, InterruptedException {
        Api api = new Api(server::uri);
        api.login();
        return api;
    }

    /** Logs in as the owner, anew. */
    public void login() throws IOException, InterruptedException {
        token = "";
        token = post("/api/v1/auth/login", Map.of("email", ServerProcess.EMAIL, "password", ServerProcess.PASSWORD))
                .expect(200)
                .body()
                .get("accessToken")
                .asText();
    }

    public void token(String bearer) {
        token = bearer;
    }

    public String token() {
        return token;
    }

    /** @param body null-node where there is none */
    public record Reply(int status, JsonNode body) {
        public Reply expect(int wanted) {
            if (status != wanted) {
                throw new AssertionError("expected " + wanted + " but got " + status + ": " + body);
            }
            return this;
        }
    }

    public Reply get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    public Reply delete(String path) throws IOException, InterruptedException {
        return send(request(path).DELETE());
    }

    public Reply post(String path, Object body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    public Reply put(String path, Object body) throws IOException, InterruptedException {
        return send(request(path)
                .header("Content-Type", "application/json")
                .PUT(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body))));
    }

    /** @param method POST for a new document, PUT to replace one */
    public Reply upload(String method, String path, String fileName, byte[] content)
            throws IOException, InterruptedException {
        return upload(method, path, fileName, new ByteArrayInputStream(content));
    }

    /** @param content is read as the server takes it */
    public Reply upload(String method, String path, String fileName, InputStream content)
            throws IOException, InterruptedException {
        String boundary = "kvasir-test-boundary";
        byte[] head = ("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + fileName
                        + "\"\r\nContent-Type: application/octet-stream\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);
        byte[] end = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8);
        return send(request(path)
                .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                .method(
                        method,
                        HttpRequest.BodyPublishers.ofInputStream(() -> new SequenceInputStream(
                                new SequenceInputStream(new ByteArrayInputStream(head), content),
                                new ByteArrayInputStream(end)))));
    }

    /** Makes a thing. @return its id */
    public String made(String path, Object body) throws IOException, InterruptedException {
        return post(path, body).expect(201).body().get("id").asText();
    }

    /**
     * Uploads a text and waits until it can be found.
     *
     * @param kb path of the knowledge base
     * @return how long that took
     * @throws AssertionError where it is refused, cannot be read, or takes two minutes
     */
    public Duration taught(String kb, String fileName, String text) throws IOException, InterruptedException {
        long began = System.nanoTime();
        String job = upload("POST", kb + "/documents", fileName, text.getBytes(StandardCharsets.UTF_8))
                .expect(202)
                .body()
                .at("/jobs/0/id")
                .asText();
        while (true) {
            JsonNode now = get(kb + "/jobs/" + job).expect(200).body();
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            switch (now.get("status").asText()) {
                case "completed" -> {
                    return took;
                }
                case "pending", "processing" -> {
                    if (took.compareTo(Duration.ofMinutes(2)) > 0) {
                        throw new AssertionError(fileName + " was not taken in: " + now);
                    }
                    LockSupport.parkNanos(10_000_000);
                }
                default -> throw new AssertionError(fileName + " was not taken in: " + now);
            }
        }
    }

    public HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri.apply(path)).timeout(Duration.ofSeconds(60));
        return token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
    }

    public HttpClient client() {
        return client;
    }

    private Reply send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        return new Reply(response.statusCode(), Json.MAPPER.readTree(response.body()));
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
