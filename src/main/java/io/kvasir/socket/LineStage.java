package io.kvasir.socket;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SubscriptionWithCancelException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A connection as a flow: what goes in is written, by the stream itself and without a hand-over, and what comes out was
 * read. It takes no more while the other side takes none, so what is ready meanwhile can go out together.
 */
final class LineStage extends GraphStage<FlowShape<ByteString, ByteString>> {
    private final Inlet<ByteString> in = Inlet.create("Line.in");
    private final Outlet<ByteString> out = Outlet.create("Line.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
    private final CompletionStage<Line> opening;
    private final boolean halfClose;

    /**
     * @param opening the connection; the stage closes it, whatever comes
     * @param halfClose whether it goes on reading when it has nothing to write any more
     */
    LineStage(CompletionStage<Line> opening, boolean halfClose) {
        this.opening = opening;
        this.halfClose = halfClose;
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

    private final class Logic extends GraphStageLogic {
        private @Nullable Line line;
        private @Nullable ByteBuffer unwritten;
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
                failStage(result.fault());
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
            if (news.fault() != null) {
                failStage(news.fault());
                return;
            }
            if (wants && !news.bytes().isEmpty()) {
                push(out, news.bytes());
            }
            if (news.ended() && !discards && !from.has()) {
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
            unwritten = bytes.hasRemaining() ? bytes : null;
            if (unwritten != null) {
                return;
            }
            if (isClosed(in)) {
                finishIfWritten();
            } else if (isClosed(out) && !halfClose) {
                finish();
            } else {
                pull(in);
            }
        }

        /** One side of the stream is done: the connection ends with it, or its half does. */
        private void finishIfWritten() {
            Line on = line;
            if (on == null || unwritten != null) {
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

        private void finish() {
            aborted = false;
            completeStage();
        }

        @Override
        public void postStop() {
            boolean abort = aborted;
            opening.thenAccept(there -> there.close(abort));
        }
    }
}
