package io.kvasir.retrieval.remote;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.kvasir.llm.provider.JsonBody;
import io.kvasir.llm.provider.ProviderSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.headers.HttpCredentials;

/** OpenAI's {@code /embeddings}, which most other servers speak too. */
public final class OpenAiEmbeddings implements EmbeddingFormat {
    private final boolean sendDimensions;

    /** @param sendDimensions whether the model can be asked for a number of dimensions */
    public OpenAiEmbeddings(boolean sendDimensions) {
        this.sendDimensions = sendDimensions;
    }

    @Override
    public HttpRequest request(
            ProviderSettings provider, RemoteEmbedderSettings settings, List<String> texts, boolean question) {
        HttpRequest post = JsonBody.post(provider, "/embeddings", json -> {
            json.writeStringField("model", settings.model());
            json.writeArrayFieldStart("input");
            for (String text : texts) {
                json.writeString(JsonBody.wellFormed(text));
            }
            json.writeEndArray();
            json.writeStringField("encoding_format", "float");
            if (sendDimensions) {
                json.writeNumberField("dimensions", settings.dimensions());
            }
        });
        return provider.apiKey()
                .map(key -> post.addCredentials(HttpCredentials.createOAuth2BearerToken(key)))
                .orElse(post);
    }

    private record Indexed(int index, float[] vector) {}

    @Override
    public List<float[]> read(JsonParser json, int dimensions) throws IOException {
        List<Indexed> all = new ArrayList<>();
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw new IOException("not an object");
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            boolean data = json.currentName().equals("data");
            if (json.nextToken() == JsonToken.START_ARRAY && data) {
                while (json.nextToken() == JsonToken.START_OBJECT) {
                    all.add(one(json, all.size(), dimensions));
                }
            } else {
                json.skipChildren();
            }
        }
        all.sort(Comparator.comparingInt(Indexed::index));
        return all.stream().map(Indexed::vector).toList();
    }

    private static Indexed one(JsonParser json, int place, int dimensions) throws IOException {
        int index = place;
        float[] vector = {};
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (field.equals("embedding")) {
                vector = Numbers.read(json, dimensions);
            } else if (field.equals("index") && value == JsonToken.VALUE_NUMBER_INT) {
                index = json.getIntValue();
            } else {
                json.skipChildren();
            }
        }
        return new Indexed(index, vector);
    }
}
