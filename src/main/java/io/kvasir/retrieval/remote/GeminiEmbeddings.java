package io.kvasir.retrieval.remote;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.provider.JsonBody;
import io.kvasir.llm.provider.ProviderSettings;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** Google's {@code batchEmbedContents}, which is told whether a text asks or tells. */
public final class GeminiEmbeddings implements EmbeddingFormat {
    @Override
    public HttpRequest request(
            ProviderSettings provider, RemoteEmbedderSettings settings, List<String> texts, boolean question) {
        String model =
                URLEncoder.encode(settings.model(), StandardCharsets.UTF_8).replace("+", "%20");
        HttpRequest post = JsonBody.post(provider, "/models/" + model + ":batchEmbedContents", json -> {
            json.writeArrayFieldStart("requests");
            for (String text : texts) {
                json.writeStartObject();
                json.writeStringField("model", "models/" + settings.model());
                json.writeObjectFieldStart("content");
                json.writeArrayFieldStart("parts");
                json.writeStartObject();
                json.writeStringField("text", JsonBody.wellFormed(text));
                json.writeEndObject();
                json.writeEndArray();
                json.writeEndObject();
                json.writeStringField("taskType", question ? "RETRIEVAL_QUERY" : "RETRIEVAL_DOCUMENT");
                json.writeNumberField("outputDimensionality", settings.dimensions());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
        return provider.apiKey()
                .map(key -> post.addHeader(HttpHeader.parse("x-goog-api-key", key)))
                .orElse(post);
    }

    @Override
    public List<float[]> read(JsonParser json, int dimensions) throws IOException {
        List<float[]> all = new ArrayList<>();
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw new IOException("not an object");
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean embeddings = json.currentName().equals("embeddings");
            if (json.nextToken() == JsonToken.START_ARRAY && embeddings) {
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    all.add(one(json, dimensions));
                }
            } else {
                json.skipChildren();
            }
        }
        return all;
    }

    private static float[] one(JsonParser json, int dimensions) throws IOException {
        float[] vector = {};
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean values = json.currentName().equals("values");
            json.nextToken();
            if (values) {
                vector = Numbers.read(json, dimensions);
            } else {
                json.skipChildren();
            }
        }
        return vector;
    }
}
