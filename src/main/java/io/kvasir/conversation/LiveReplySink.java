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
 * Puts what an answer says into the reply and always wants more: its size is bounded by the length of the reply, and
 * neither a slow conversation nor a slow reader slows the model down.
 */
final class LiveReplySink extends GraphStage<SinkShape<AnswerEvent>> {
    private final Inlet<AnswerEvent> in = Inlet.create("answer.in");
    private final SinkShape<AnswerEvent> shape = SinkShape.of(in);
    private final LiveReply reply;
    private final AnswerEvent atEnd;
    private final Function<Throwable, AnswerEvent> atFailure;

    /** @param atEnd what a stream that ends without a last word is taken for */
    LiveReplySink(LiveReply reply, AnswerEvent atEnd, Function<Throwable, AnswerEvent> atFailure) {
        this.reply = reply;
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
                        reply.put(grab(in));
                        pull(in);
                    }

                    @Override
                    public void onUpstreamFinish() {
                        reply.put(atEnd);
                        completeStage();
                    }

                    @Override
                    public void onUpstreamFailure(Throwable thrown) {
                        reply.put(atFailure.apply(thrown));
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
