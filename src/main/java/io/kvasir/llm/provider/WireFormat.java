package io.kvasir.llm.provider;

import com.fasterxml.jackson.core.JsonParser;
import io.kvasir.llm.ChatModel;
import java.io.IOException;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * A provider's protocol of streamed replies: one JSON object a {@code data:} line. Error objects are read for it.
 * Stateless: what was read stands in the {@link Reply}.
 */
public interface WireFormat {
    /** The whole call, address and key included. */
    HttpRequest request(ProviderSettings settings, ChatModel.Request request);

    /**
     * One field of an event, the parser on its value; the value is to be read or skipped to its end.
     *
     * @throws IOException where it is not of the protocol
     */
    void field(String name, JsonParser value, Reply reply) throws IOException;

    /** Whether a line {@code data: [DONE]} ends the stream. */
    boolean endsWithDone();
}
