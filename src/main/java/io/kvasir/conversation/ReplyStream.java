package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.ConversationEntity.Heard;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Sse;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.ConversationId;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;
import scala.runtime.BoxedUnit;

/**
 * One reader of a conversation, as a source of events. It asks for what comes after its position when its client has
 * taken what was there before, and never otherwise: a slow client gets larger deltas, and an idle one costs a position
 * and an entry at the conversation.
 */
final class ReplyStream extends GraphStage<SourceShape<ByteString>> {
    private static final Object TICK = "tick";

    private final Outlet<ByteString> out = Outlet.create("reply.out");
    private final SourceShape<ByteString> shape = SourceShape.of(out);
    private final ConversationId conversation;
    private final Consumer<Command> region;
    private final Optional<SubjectKey> key;
    private final Position start;
    private final boolean oneTurn;
    private final Duration keepAlive;

    /**
     * @param region reaches the conversation wherever it lives
     * @param key opens turns that are over; empty where the conversation was erased
     * @param oneTurn end after the turn it starts with; otherwise stay for the following ones
     */
    ReplyStream(
            ConversationId conversation,
            Consumer<Command> region,
            Optional<SubjectKey> key,
            Position start,
            boolean oneTurn,
            Duration keepAlive) {
        this.conversation = conversation;
        this.region = region;
        this.key = key;
        this.start = start;
        this.oneTurn = oneTurn;
        this.keepAlive = keepAlive;
    }

    @Override
    public SourceShape<ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Reader();
    }

    private final class Reader extends TimerGraphStageLogic {
        private Position at = start;
        private boolean greeted;
        private boolean asked;
        private @Nullable ActorRef<Heard> self;
        /** The conversation itself, once it has answered: saves the way through the shard region. */
        private @Nullable ActorRef<Command> direct;

        Reader() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    if (greeted) {
                        ask();
                    } else {
                        greeted = true;
                        push(out, Sse.RETRY);
                    }
                }

                @Override
                public void onDownstreamFinish(Throwable cause) throws Exception {
                    if (self != null) {
                        tell(new ConversationEntity.Leave(self));
                    }
                    super.onDownstreamFinish(cause);
                }
            });
        }

        @Override
        public void preStart() {
            self = Adapter.toTyped(getStageActor(message -> {
                        received(message);
                        return BoxedUnit.UNIT;
                    })
                    .ref());
            scheduleWithFixedDelay(TICK, keepAlive, keepAlive);
        }

        /** Nothing was said for a while: the connection hears a comment, and the next pull asks anew, wherever the conversation lives by then. */
        @Override
        public void onTimer(Object timer) {
            if (asked && isAvailable(out)) {
                asked = false;
                direct = null;
                push(out, Sse.KEEP_ALIVE);
            }
        }

        private void ask() {
            if (!asked && self != null) {
                asked = true;
                tell(new ConversationEntity.Watch(at, self));
            }
        }

        private void tell(Command command) {
            ActorRef<Command> near = direct;
            if (near == null) {
                region.accept(command);
            } else {
                near.tell(command);
            }
        }

        private void received(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
            if (!(message._2() instanceof Heard heard) || !asked) {
                return;
            }
            direct = heard.entity();
            ReplyEvents.Written written =
                    switch (heard) {
                        case Heard.Live live ->
                            live.turn() == at.turn()
                                            && live.from() + live.text().length() >= at.offset()
                                    ? live(live)
                                    : nothing();
                        case Heard.Past past -> past.turn().number() == at.turn() ? past(past.turn()) : nothing();
                    };
            asked = false;
            at = written.after();
            if (written.bytes().isEmpty()) {
                ask();
                return;
            }
            push(out, written.bytes());
            if (written.over() && oneTurn) {
                completeStage();
            }
        }

        /** An answer to a question asked before the last one: it is asked again. */
        private ReplyEvents.Written nothing() {
            return new ReplyEvents.Written(ByteString.emptyByteString(), at, false);
        }

        private ReplyEvents.Written live(Heard.Live live) {
            int offset = Math.max(0, at.offset());
            // A late answer to an earlier question may overlap: what was seen is not said again.
            int seen = Math.clamp(offset - live.from(), 0, live.text().length());
            return ReplyEvents.write(
                    conversation,
                    live.turn(),
                    live.started() && at.offset() < 0,
                    at.sourced(),
                    at.sourced() ? Optional.empty() : live.sources(),
                    live.from() + seen,
                    live.text().substring(seen),
                    live.ending());
        }

        private ReplyEvents.Written past(Turn turn) {
            String text = Opened.reply(turn, key);
            int from = at.start(text);
            return ReplyEvents.write(
                    conversation,
                    turn.number(),
                    at.offset() < 0,
                    at.sourced(),
                    at.sourced() ? Optional.empty() : Opened.sources(turn, key),
                    from,
                    text.substring(from),
                    turn.ending());
        }
    }
}
