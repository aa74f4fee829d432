package io.kvasir.llm;

import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.pf.PFBuilder;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a second provider where the first fails before its first token; afterwards a failure stays a failure. */
final class FallbackChatModel implements ChatModel {
    private static final Logger LOG = LoggerFactory.getLogger(FallbackChatModel.class);

    private final ChatModel first;
    private final ChatModel second;
    private final String secondModel;

    FallbackChatModel(ChatModel first, ChatModel second, String secondModel) {
        this.first = first;
        this.second = second;
        this.secondModel = secondModel;
    }

    @Override
    public Source<Part, NotUsed> stream(Request request) {
        return Source.lazySource(() -> {
                    AtomicBoolean begun = new AtomicBoolean();
                    return first.stream(request)
                            .map(part -> {
                                begun.setPlain(true);
                                return part;
                            })
                            .recoverWithRetries(
                                    1,
                                    new PFBuilder<Throwable, Source<Part, NotUsed>>()
                                            .match(
                                                    ChatFailure.class,
                                                    _ -> !begun.getPlain(),
                                                    failure -> instead(request, failure))
                                            .build());
                })
                .mapMaterializedValue(_ -> NotUsed.getInstance());
    }

    private Source<Part, NotUsed> instead(Request request, ChatFailure failure) {
        LOG.warn("{} failed ({}), {} answers instead", first.provider(), failure.kind(), second.provider());
        return second.stream(new Request(
                secondModel,
                request.messages(),
                request.question(),
                request.evidence(),
                request.temperature(),
                request.maxTokens(),
                request.tenant(),
                request.trace()));
    }

    @Override
    public String provider() {
        return first.provider();
    }
}
