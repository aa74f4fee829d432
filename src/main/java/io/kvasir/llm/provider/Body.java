package io.kvasir.llm.provider;

import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The body of a response on its way from the connection's stream to the call's: what comes while the call is busy is
 * taken together, and it is woken only when it has taken what was there before. Pekko HTTP's own hand-over tells each
 * piece, and asks back for the next. Written by one stream, read by one.
 */
final class Body {
    /** Bytes that are read ahead of the call; the rest waits at the connection, and then at the provider. */
    static final int AHEAD = 64 * 1024;

    private ByteString arrived = ByteString.emptyByteString();
    private @Nullable Runnable wake;
    private @Nullable Upstream upstream;
    private @Nullable Throwable fault;
    private boolean ended;
    private boolean woken;
    private boolean full;
    private boolean left;

    /** Where the pieces come from. Called from the reader's thread. */
    interface Upstream {
        /** There is room again. */
        void resume();

        /** Nobody reads any more. */
        void leave();
    }

    private record News(
            ByteString bytes, boolean ended, @Nullable Throwable fault) {}

    // for the connection

    /** @param from told when there is room again, and when nobody reads */
    void from(Upstream from) {
        boolean gone;
        synchronized (this) {
            upstream = from;
            gone = left;
        }
        if (gone) {
            from.leave();
        }
    }

    /** @return whether there is room for more; else {@link Upstream#resume()} comes */
    boolean put(ByteString bytes) {
        boolean room;
        synchronized (this) {
            arrived = arrived.isEmpty() ? bytes : arrived.concat(bytes);
            full = arrived.length() >= AHEAD;
            room = !full;
        }
        wake();
        return room;
    }

    /** @param why empty where it ended in good order */
    void end(@Nullable Throwable why) {
        synchronized (this) {
            ended = true;
            fault = why;
        }
        wake();
    }

    private void wake() {
        Runnable reader;
        synchronized (this) {
            reader = wake;
            if (woken || reader == null) {
                return;
            }
            woken = true;
        }
        reader.run();
    }

    // for the call

    /** What comes of it, once. */
    Source<ByteString, NotUsed> source() {
        return Source.fromGraph(new Reading());
    }

    private News take() {
        Upstream resume = null;
        News news;
        synchronized (this) {
            woken = false;
            news = new News(arrived, ended, fault);
            arrived = ByteString.emptyByteString();
            if (full) {
                full = false;
                resume = upstream;
            }
        }
        if (resume != null) {
            resume.resume();
        }
        return news;
    }

    private void leave() {
        Upstream from;
        synchronized (this) {
            left = true;
            from = upstream;
        }
        if (from != null) {
            from.leave();
        }
    }

    private final class Reading extends GraphStage<SourceShape<ByteString>> {
        private final Outlet<ByteString> out = Outlet.create("Body.out");
        private final SourceShape<ByteString> shape = SourceShape.of(out);

        @Override
        public SourceShape<ByteString> shape() {
            return shape;
        }

        @Override
        public GraphStageLogic createLogic(Attributes attributes) {
            return new Logic();
        }

        private final class Logic extends GraphStageLogic {
            Logic() {
                super(shape);
                setHandler(out, new AbstractOutHandler() {
                    @Override
                    public void onPull() {
                        deliver();
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
                AsyncCallback<Body> news = createAsyncCallback(_ -> deliver());
                synchronized (Body.this) {
                    wake = () -> news.invoke(Body.this);
                }
            }

            private void deliver() {
                if (!isAvailable(out)) {
                    return; // it asks, and gets it then; an end is not seen before what came with it
                }
                News news = take();
                if (!news.bytes().isEmpty()) {
                    push(out, news.bytes());
                }
                if (news.fault() != null) {
                    failStage(news.fault());
                } else if (news.ended()) {
                    completeStage();
                }
            }
        }
    }
}
