package io.kvasir.llm;

import io.kvasir.kernel.TenantId;
import io.kvasir.kernel.TraceParent;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** A model that answers a prompt as a stream. */
public interface ChatModel {
    /**
     * Zero or more {@link Part.Text}, then exactly one {@link Part.Finished}; or the stream fails with
     * {@link ChatFailure}. Nothing happens before it is run; cancelling it cancels the call to the provider.
     */
    Source<Part, NotUsed> stream(Request request);

    /** Name of the provider as configured: {@code extractive}, {@code openai} … */
    String provider();

    /** How it fares. A model that calls nobody is always well. */
    default ProviderHealth health() {
        return ProviderHealth.up(provider());
    }

    /**
     * @param model the provider's model name
     * @param messages system first, then turns, the question last
     * @param question the bare question, for models that choose rather than write
     * @param evidence the numbered passages the messages quote, same numbers
     * @param temperature 0 to 2
     * @param maxTokens most tokens of the reply, from 1
     * @param tenant whose question it is; not for the provider
     * @param trace which request it belongs to; not for the provider
     */
    record Request(
            String model,
            List<Message> messages,
            String question,
            List<Evidence> evidence,
            double temperature,
            int maxTokens,
            Optional<TenantId> tenant,
            Optional<TraceParent> trace) {
        public Request {
            messages = List.copyOf(messages);
            evidence = List.copyOf(evidence);
        }

        public Request(
                String model,
                List<Message> messages,
                String question,
                List<Evidence> evidence,
                double temperature,
                int maxTokens) {
            this(model, messages, question, evidence, temperature, maxTokens, Optional.empty(), Optional.empty());
        }
    }

    record Message(Speaker speaker, String text) {}

    enum Speaker {
        SYSTEM,
        USER,
        ASSISTANT
    }

    /** @param n the citation number, from 1; @param score calibrated 0 to 1 */
    record Evidence(int n, String title, String text, double score) {}

    sealed interface Part {
        record Text(String text) implements Part {}

        record Finished(FinishReason reason, Usage usage) implements Part {}
    }

    enum FinishReason {
        STOP,
        LENGTH,
        CONTENT_FILTER,
        /** The model said it does not know. Only models that choose can tell. */
        REFUSED
    }

    /**
     * @param provider who answered, which may be a fallback
     * @param promptTokens all of the prompt
     * @param completionTokens all that was made, reasoning included
     * @param cachedTokens those of the prompt the provider had kept from an earlier call, 0 where it told none
     * @param reasoningTokens those of the completion nobody sees, 0 where it told none
     * @param costMicros millionths of the price list's currency unit, 0 where no price is known
     */
    record Usage(
            String provider,
            String model,
            int promptTokens,
            int completionTokens,
            int cachedTokens,
            int reasoningTokens,
            long costMicros) {
        /** Without cached or reasoning tokens. */
        public Usage(String provider, String model, int promptTokens, int completionTokens, long costMicros) {
            this(provider, model, promptTokens, completionTokens, 0, 0, costMicros);
        }
    }
}
