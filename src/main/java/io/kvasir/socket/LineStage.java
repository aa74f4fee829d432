package io.kvasir.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.SubscriptionWithCancelException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A connection as a flow: what goes in is written, by the stream itself and without a hand-over, and what comes out was
 * read. It takes no more while the other side takes none, so what is ready meanwhile can go out together.
 */
final class LineStage extends GraphStage<FlowShape<ByteString, ByteString>> {
    private static final String STUCK = "stuck";

    private final Inlet<ByteString> in = Inlet.create("Line.in");
    private final Outlet<ByteString> out = Outlet.create("Line.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
    private final CompletionStage<Line> opening;
    private final boolean halfClose;
    private final Duration patience;
    private final Runnable ended;

    /**
     * @param opening the connection; the stage closes it, whatever comes
     * @param halfClose whether it goes on reading when it has nothing to write any more
     * @param patience how long the other side may take nothing of what there is for it
     * @param ended run once when the connection is closed, all written or not
     */
    LineStage(CompletionStage<Line> opening, boolean halfClose, Duration patience, Runnable ended) {
        this.opening = opening;
        this.halfClose = halfClose;
        this.patience = patience;
        this.ended = ended;
    }

    @Override
    public FlowShape<ByteString, ByteString> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private record Opened(@Nullable Line line, @Nullable Throwable fault) {}

    private final class Logic extends TimerGraphStageLogic {
        private @Nullable Line line;
        private @Nullable ByteBuffer unwritten;
        private boolean cancelled;
        private boolean aborted = true;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    write(ByteBuffer.wrap(grab(in).toArrayUnsafe()));
                }

                @Override
                public void onUpstreamFinish() {
                    finishIfWritten();
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    deliver();
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    if (cause instanceof SubscriptionWithCancelException.NonFailureCancellation) {
                        cancelled = true;
                        finishIfWritten();
                    } else {
                        failStage(cause);
                    }
                }
            });
        }

        @Override
        public void preStart() {
            setKeepGoing(true);
            AsyncCallback<Opened> opened = createAsyncCallback(this::opened);
            opening.whenComplete((there, fault) -> opened.invoke(new Opened(there, fault)));
        }

        private void opened(Opened result) {
            Line there = result.line();
            if (there == null) {
                StreamTcpException why = new StreamTcpException("not connected: " + result.fault());
                why.initCause(result.fault());
                failStage(why);
                return;
            }
            line = there;
            AsyncCallback<Line> news = createAsyncCallback(_ -> deliver());
            there.open(() -> news.invoke(there));
            if (isClosed(in)) {
                finishIfWritten();
            } else {
                pull(in);
            }
        }

        private void deliver() {
            Line from = line;
            if (from == null) {
                return;
            }
            boolean discards = isClosed(out);
            boolean wants = !discards && isAvailable(out);
            Line.News news = from.take(discards || wants);
            if (wants && !news.bytes().isEmpty()) {
                push(out, news.bytes());
            }
            boolean more = !discards && from.has();
            if (news.fault() != null) {
                if (!more) {
                    failStage(news.fault());
                }
                return; // what was read before comes first
            }
            if (news.ended() && !discards && !more) {
                complete(out);
            }
            ByteBuffer rest = unwritten;
            if (news.writable() && rest != null) {
                write(rest);
            } else if (news.ended() && isClosed(in) && rest == null) {
                finish();
            }
        }

        private void write(ByteBuffer bytes) {
            Line to = line;
            if (to == null) {
                return; // nothing is asked for before there is a connection
            }
            try {
                to.write(bytes);
            } catch (IOException e) {
                failStage(e);
                return;
            }
            boolean waited = unwritten != null;
            unwritten = bytes.hasRemaining() ? bytes : null;
            if (unwritten != null) {
                scheduleOnce(STUCK, patience); // anew with everything that is taken
                return;
            }
            if (waited) {
                cancelTimer(STUCK);
            }
            if (isClosed(in)) {
                finishIfWritten();
            } else if (cancelled && !halfClose) {
                finish();
            } else {
                pull(in);
            }
        }

        /** One side of the stream is done: the connection ends with it, or its half does. */
        private void finishIfWritten() {
            Line on = line;
            if (on == null) {
                return;
            }
            if (unwritten != null) {
                deliver(); // the other side may wait for us to read before it does
                return;
            }
            if (!halfClose || isClosed(in) && isClosed(out)) {
                finish();
            } else if (isClosed(in)) {
                try {
                    on.endOutput();
                } catch (IOException e) {
                    failStage(e);
                }
            } else {
                deliver(); // nobody reads: what came is thrown away
            }
        }

        @Override
        public void onTimer(Object timer) {
            failStage(new StreamTcpException("the other side takes nothing"));
        }

        private void finish() {
            aborted = false;
            completeStage();
        }

        @Override
        public void postStop() {
            boolean abort = aborted;
            opening.thenAccept(there -> there.close(abort));
            ended.run();
        }
    }
}
