package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import java.util.function.Function;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.SinkShape;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;

/**
 * Puts what an answer says into its inbox and always wants more: the inbox merges, so its size is bounded by the length
 * of the reply and a slow conversation never slows the model down.
 */
final class InboxSink extends GraphStage<SinkShape<AnswerEvent>> {
    private final Inlet<AnswerEvent> in = Inlet.create("answer.in");
    private final SinkShape<AnswerEvent> shape = SinkShape.of(in);
    private final AnswerInbox inbox;
    private final AnswerEvent atEnd;
    private final Function<Throwable, AnswerEvent> atFailure;

    /** @param atEnd what a stream that ends without a last word is taken for */
    InboxSink(AnswerInbox inbox, AnswerEvent atEnd, Function<Throwable, AnswerEvent> atFailure) {
        this.inbox = inbox;
        this.atEnd = atEnd;
        this.atFailure = atFailure;
    }

    @Override
    public SinkShape<AnswerEvent> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new GraphStageLogic(shape) {
            {
                setHandler(in, new AbstractInHandler() {
                    @Override
                    public void onPush() {
                        inbox.put(grab(in));
                        pull(in);
                    }

                    @Override
                    public void onUpstreamFinish() {
                        inbox.put(atEnd);
                        completeStage();
                    }

                    @Override
                    public void onUpstreamFailure(Throwable thrown) {
                        inbox.put(atFailure.apply(thrown));
                        completeStage();
                    }
                });
            }

            @Override
            public void preStart() {
                pull(in);
            }
        };
    }
}
