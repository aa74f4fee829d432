package io.kvasir.retrieval.remote;

import com.fasterxml.jackson.core.JsonParser;
import io.kvasir.llm.provider.ProviderSettings;
import java.io.IOException;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/** A provider's protocol of embeddings. Stateless. */
public interface EmbeddingFormat {
    /** The whole call, address and key included. @param question whether the texts ask, rather than tell */
    HttpRequest request(
            ProviderSettings provider, RemoteEmbedderSettings settings, List<String> texts, boolean question);

    /**
     * The vectors in the order of the texts, as the provider gave them; the parser is before the answer's first token.
     *
     * @throws IOException where it is not of the protocol
     */
    List<float[]> read(JsonParser answer, int dimensions) throws IOException;
}
