package io.kvasir.llm.provider;

import io.kvasir.llm.ChatModel;
import io.kvasir.llm.Price;
import io.kvasir.llm.ProviderHealth;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** A provider's models, streamed: its {@link Upstream}, spoken to in its {@link WireFormat}. One call is one {@link StreamedCall}. */
public final class StreamedChatModel implements ChatModel {
    private final Upstream upstream;
    private final WireFormat format;
    private final Map<String, Price> prices;

    /** @param prices by model; a model that is missing costs nothing */
    public StreamedChatModel(Upstream upstream, WireFormat format, Map<String, Price> prices) {
        this.upstream = upstream;
        this.format = format;
        this.prices = Map.copyOf(prices);
    }

    @Override
    public Source<Part, NotUsed> stream(Request request) {
        Price price = prices.getOrDefault(request.model(), Price.NONE);
        return Source.fromGraph(new StreamedCall(upstream, format, price, request, RandomGenerator.getDefault()));
    }

    @Override
    public String provider() {
        return upstream.settings().name();
    }

    @Override
    public ProviderHealth health() {
        return upstream.health();
    }
}
