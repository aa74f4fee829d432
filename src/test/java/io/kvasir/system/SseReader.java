package io.kvasir.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Reads server-sent events one by one, as the standard says. */
public final class SseReader implements AutoCloseable {
    private final BufferedReader lines;
    private final int status;

    SseReader(int status, InputStream in) {
        this.status = status;
        this.lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    public static SseReader open(Api api, HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response =
                api.client().send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        return new SseReader(response.statusCode(), response.body());
    }

    public int status() {
        return status;
    }

    /** @param data parsed */
    public record Event(String name, String id, JsonNode data) {}

    /** The next event; empty at the end of the stream. */
    public Optional<Event> next() throws IOException {
        String name = "message";
        String id = "";
        StringBuilder data = new StringBuilder();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    return Optional.of(new Event(name, id, Json.MAPPER.readTree(data.toString())));
                }
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("id: ")) {
                id = line.substring(4);
            } else if (line.startsWith("data: ")) {
                data.append(line.substring(6));
            }
        }
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
