package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
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
    private static final Object AGAIN = "again";
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(1);

    private final Outlet<ByteString> out = Outlet.create("reply.out");
    private final SourceShape<ByteString> shape = SourceShape.of(out);
    private final ConversationId conversation;
    private final Consumer<Command> region;
    private final Optional<SubjectKey> key;
    private final Position start;
    private final boolean oneTurn;
    private final Duration keepAlive;
    private final Consumer<Lookout.Command> lookout;

    /**
     * @param region reaches the conversation wherever it lives
     * @param key opens turns that are over; empty where the conversation was erased
     * @param oneTurn end after the turn it starts with; otherwise stay for the following ones
     * @param lookout tells when the conversation's actor is gone
     */
    ReplyStream(
            ConversationId conversation,
            Consumer<Command> region,
            Optional<SubjectKey> key,
            Position start,
            boolean oneTurn,
            Duration keepAlive,
            Consumer<Lookout.Command> lookout) {
        this.conversation = conversation;
        this.region = region;
        this.key = key;
        this.start = start;
        this.oneTurn = oneTurn;
        this.keepAlive = keepAlive;
        this.lookout = lookout;
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
        /** The reply itself, while it is given on this server: what is new is taken from it, and nobody is asked. */
        private @Nullable LiveReply near;
        /** How long the region may take to find it before it is asked again. */
        private Duration patience = FIRST_PATIENCE;

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
                    leave();
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

        @Override
        public void onTimer(Object timer) {
            if (timer.equals(AGAIN)) {
                again();
            } else if (asked && isAvailable(out)) {
                // Nothing was said for a while: the connection hears a comment, and the next pull asks anew.
                asked = false;
                patience = FIRST_PATIENCE;
                push(out, Sse.KEEP_ALIVE);
            }
        }

        private void ask() {
            ActorRef<Heard> me = self;
            if (asked || me == null) {
                return;
            }
            asked = true;
            LiveReply reply = near;
            if (reply != null && reply.turn() == at.turn()) {
                reply.take(at, me).ifPresent(this::tell);
                return;
            }
            near = null;
            ActorRef<Command> known = direct;
            if (known != null) {
                known.tell(
                        known.path().address().hasLocalScope()
                                ? new ConversationEntity.Join(at, me)
                                : new ConversationEntity.Watch(at, false, me));
                return;
            }
            region.accept(new ConversationEntity.Watch(at, true, me));
            scheduleOnce(AGAIN, patience);
            patience = patience.compareTo(keepAlive) < 0 ? patience.multipliedBy(2) : keepAlive;
        }

        /** Whom it asked is not there any more, or did not hear it. */
        private void again() {
            if (asked && direct == null) {
                asked = false;
                ask();
            }
        }

        private void found(ActorRef<Command> entity) {
            if (entity.equals(direct) || self == null) {
                return;
            }
            if (direct != null) {
                lookout.accept(new Lookout.Forget(direct, self));
            }
            direct = entity;
            near = null; // of the one before: nobody would tell that it is dead
            patience = FIRST_PATIENCE;
            cancelTimer(AGAIN);
            lookout.accept(new Lookout.Follow(entity, self));
        }

        private void gone(ActorRef<Command> entity) {
            if (entity.equals(direct)) {
                direct = null;
                near = null;
                again();
            }
        }

        private void leave() {
            ActorRef<Heard> me = self;
            ActorRef<Command> known = direct;
            if (me == null) {
                return;
            }
            if (known == null) {
                region.accept(new ConversationEntity.Leave(me));
            } else {
                known.tell(new ConversationEntity.Leave(me));
                lookout.accept(new Lookout.Forget(known, me));
            }
        }

        private void received(Tuple2<org.apache.pekko.actor.ActorRef, Object> message) {
            if (!(message._2() instanceof Heard heard)) {
                return;
            }
            if (heard instanceof Heard.Gone(ActorRef<Command> entity)) {
                gone(entity);
                return;
            }
            found(heard.entity());
            if (heard instanceof Heard.Near(LiveReply reply)) {
                joined(reply);
            } else if (asked && !(heard instanceof Heard.Noted)) {
                tell(heard);
            }
        }

        /** There is something to take, or it is the first time. */
        private void joined(LiveReply reply) {
            ActorRef<Heard> me = self;
            if (me == null || reply.turn() != at.turn()) {
                return;
            }
            near = reply;
            if (asked) {
                reply.take(at, me).ifPresent(this::tell);
            }
        }

        private void tell(Heard heard) {
            ReplyEvents.Written written =
                    switch (heard) {
                        case Heard.Live live -> live.turn() == at.turn() && reaches(live) ? live(live) : nothing();
                        case Heard.Past past -> past.turn().number() == at.turn() ? past(past.turn()) : nothing();
                        case Heard.Noted _, Heard.Near _, Heard.Gone _ -> nothing();
                    };
            asked = false;
            at = written.after();
            if (written.bytes().isEmpty()) {
                ask();
                return;
            }
            push(out, written.bytes());
            if (written.over() && oneTurn) {
                leave();
                completeStage();
            }
        }

        /** A place beyond the end, which no event ever named, is taken for the end. */
        private boolean reaches(Heard.Live live) {
            return live.from() + live.text().length() >= at.offset()
                    || live.ending().isPresent();
        }

        /** An answer to a question asked before the last one: it is asked again. */
        private ReplyEvents.Written nothing() {
            return new ReplyEvents.Written(ByteString.emptyByteString(), at, false);
        }

        private ReplyEvents.Written live(Heard.Live live) {
            int offset = Math.max(0, at.offset());
            // A late answer to an earlier question may overlap: what was seen is not said again.
            int seen = new Position(live.turn(), Math.max(0, offset - live.from()), true).start(live.text());
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
            int to = Position.end(text, from, Heard.LARGEST_PIECE);
            return ReplyEvents.write(
                    conversation,
                    turn.number(),
                    at.offset() < 0,
                    at.sourced(),
                    at.sourced() ? Optional.empty() : Opened.sources(turn, key),
                    from,
                    text.substring(from, to),
                    turn.ending().filter(_ -> to == text.length()));
        }
    }
}
