package io.kvasir.http.server;

import io.kvasir.http.Sse;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpProtocols;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.http.javadsl.model.headers.Connection;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.japi.function.Function;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection's bytes, from what was read to what is written. Pekko HTTP has them until a request is answered with an
 * event stream: it still writes the head, and then it is let go with all its stages, and the events go straight to the
 * connection, chunk by chunk (RFC 9112, 7.1). An event stream is the last response on its connection: what came of a
 * next request may be in what was let go. So a stream on which nothing happens costs little more than its reader, and a
 * word that is passed on takes a third of the way (decision 64).
 */
final class ServerConnection
        extends AbstractGraphStageWithMaterializedValue<FlowShape<ByteString, ByteString>, ServerConnection.Handle> {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.http");
    private static final ByteString END = ByteString.fromString("0\r\n\r\n");
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final String SILENCE = "silence";

    private final Inlet<ByteString> in = Inlet.create("Connection.in");
    private final Outlet<ByteString> out = Outlet.create("Connection.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
    private final BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> protocol;
    private final Function<HttpRequest, CompletionStage<HttpResponse>> handler;
    private final InetSocketAddress from;
    private final Duration silence;
    private final Runnable sparing;

    /**
     * @param silence how long nothing may be asked or said; who takes nothing is no concern of it
     * @param sparing run before events follow: a reader who is slow gets fewer and larger ones
     */
    ServerConnection(
            BidiFlow<HttpResponse, ByteString, ByteString, HttpRequest, NotUsed> protocol,
            Function<HttpRequest, CompletionStage<HttpResponse>> handler,
            InetSocketAddress from,
            Duration silence,
            Runnable sparing) {
        this.protocol = protocol;
        this.handler = handler;
        this.from = from;
        this.silence = silence;
        this.sparing = sparing;
    }

    /** An open connection, from outside. */
    static final class Handle {
        private @Nullable AsyncCallback<Boolean> running;
        private @Nullable Boolean wanted;

        /** @param now whatever it is doing; else once it has answered what it was asked */
        synchronized void end(boolean now) {
            wanted = now;
            if (running != null) {
                running.invoke(now);
            }
        }

        private synchronized void runs(AsyncCallback<Boolean> end) {
            running = end;
            if (wanted != null) {
                end.invoke(wanted);
            }
        }
    }

    @Override
    public FlowShape<ByteString, ByteString> shape() {
        return shape;
    }

    @Override
    public Pair<GraphStageLogic, Handle> createLogicAndMaterializedValuePair(Attributes attributes) {
        Handle handle = new Handle();
        return Pair.create(new Logic(handle), handle);
    }

    private final class Logic extends TimerGraphStageLogic {
        private final Handle handle;
        private @Nullable SubSourceOutlet<ByteString> requests;
        private @Nullable SubSinkInlet<ByteString> responses;
        /** The events that follow the head that is being written. */
        private @Nullable Source<ByteString, ?> next;

        /** The end of a body, written once it is known whose. */
        private @Nullable ByteString held;

        private @Nullable SubSinkInlet<ByteString> events;
        private int unanswered;
        private boolean leaving;
        private long lastHeard = System.nanoTime();

        Logic(Handle handle) {
            super(shape);
            this.handle = handle;
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    heard();
                    SubSourceOutlet<ByteString> to = requests;
                    if (to == null) {
                        grab(in); // nobody reads after a request for events
                        pull(in);
                    } else {
                        to.push(grab(in));
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    SubSourceOutlet<ByteString> to = requests;
                    if (events != null) {
                        completeStage(); // its reader has left
                    } else if (to != null) {
                        to.complete();
                    }
                }
            });
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    heard();
                    more();
                }
            });
        }

        private void heard() {
            lastHeard = System.nanoTime();
        }

        @Override
        public void preStart() {
            handle.runs(createAsyncCallback(this::end));
            Duration look = silence.dividedBy(4);
            scheduleWithFixedDelay(SILENCE, look, look);
            SubSourceOutlet<ByteString> read = new SubSourceOutlet<>("Connection.requests");
            read.setHandler(new AbstractOutHandler() {
                @Override
                public void onPull() {
                    if (!isClosed(in) && !hasBeenPulled(in)) {
                        pull(in);
                    }
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    requests = null;
                    if (!isClosed(in) && !hasBeenPulled(in)) {
                        pull(in);
                    }
                }
            });
            SubSinkInlet<ByteString> write = new SubSinkInlet<>("Connection.responses");
            write.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    written(write.grab(), write);
                }

                @Override
                public void onUpstreamFinish() {
                    responses = null;
                    Source<ByteString, ?> follow = next;
                    if (follow == null) {
                        completeStage();
                    } else {
                        stream(follow);
                    }
                }
            });
            requests = read;
            responses = write;
            Source.fromGraph(read.source())
                    .via(Flow.<HttpRequest>create()
                            .map(this::arrived)
                            .mapAsync(1, this::asked)
                            .map(pair -> answered(pair.first(), pair.second()))
                            .join(protocol))
                    .runWith(write.sink(), subFusingMaterializer());
            if (isAvailable(out)) {
                more();
            }
        }

        /** What Pekko HTTP writes. Before events it may still be the body of an earlier request's answer. */
        private void written(ByteString bytes, SubSinkInlet<ByteString> write) {
            ByteString before = held == null ? ByteString.emptyByteString() : held;
            held = null;
            if (next == null || !bytes.endsWith(END)) {
                push(out, before.concat(bytes));
                return;
            }
            held = END;
            ByteString rest = before.concat(bytes.dropRight(END.length()));
            if (rest.isEmpty()) {
                write.pull();
            } else {
                push(out, rest);
            }
        }

        private HttpRequest arrived(HttpRequest request) {
            unanswered++;
            return request.addAttribute(AttributeKeys.remoteAddress, RemoteAddress.create(from));
        }

        private CompletionStage<Pair<HttpRequest, HttpResponse>> asked(HttpRequest request) throws Exception {
            return next == null
                    ? handler.apply(request).thenApply(response -> Pair.create(request, response))
                    : new CompletableFuture<>(); // it came after one for events: nobody would see the answer
        }

        private HttpResponse answered(HttpRequest request, HttpResponse response) {
            unanswered--;
            next = request.protocol().equals(HttpProtocols.HTTP_1_1)
                            && !request.method().equals(HttpMethods.HEAD)
                    ? Sse.events(response).orElse(null)
                    : null;
            HttpResponse answer = next == null ? Sse.whole(response) : response;
            return leaving || next != null ? answer.addHeader(Connection.create("close")) : answer;
        }

        /** Pekko HTTP has written the head and an empty body, and is done. */
        private void stream(Source<ByteString, ?> follow) {
            if (held == null) {
                completeStage(); // the request ended otherwise before its answer could begin
                return;
            }
            held = null;
            next = null;
            SubSourceOutlet<ByteString> over = requests;
            requests = null;
            if (over != null) {
                over.complete(); // else it would stay for as long as a client may take to close
            }
            if (isClosed(in)) {
                completeStage();
                return;
            }
            if (leaving) {
                emit(out, END, this::completeStage);
                return;
            }
            sparing.run();
            SubSinkInlet<ByteString> inlet = new SubSinkInlet<>("Connection.events");
            inlet.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    ByteString event = inlet.grab();
                    if (event.isEmpty()) {
                        inlet.pull();
                    } else {
                        push(out, chunk(event));
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    emit(out, END, Logic.this::completeStage);
                }

                @Override
                public void onUpstreamFailure(Throwable fault) {
                    LOG.error("a stream of events broke", fault);
                    failStage(fault);
                }
            });
            events = inlet;
            follow.runWith(inlet.sink(), subFusingMaterializer());
            // One who leaves is noticed at once.
            if (!hasBeenPulled(in)) {
                pull(in);
            }
            if (isAvailable(out)) {
                more();
            }
        }

        private void more() {
            SubSinkInlet<ByteString> what = events == null ? responses : events;
            if (what != null && !what.isClosed() && !what.hasBeenPulled()) {
                what.pull();
            }
        }

        private void end(boolean now) {
            leaving = true;
            SubSourceOutlet<ByteString> to = requests;
            SubSinkInlet<ByteString> endless = events;
            if (now) {
                failStage(new CutOff());
            } else if (endless != null) {
                // Between two events: its reader comes back, and finds another server or this one again.
                if (!endless.isClosed()) {
                    endless.cancel();
                    emit(out, END, this::completeStage);
                }
            } else if (unanswered == 0 && to != null) {
                requests = null;
                to.complete(); // what is being written is written to its end
            }
        }

        @Override
        public void onTimer(Object timer) {
            // Where a request was read to its end, it is we who are silent: nobody asks the client for more.
            boolean clientsTurn = unanswered == 0 || hasBeenPulled(in);
            if (clientsTurn && isAvailable(out) && System.nanoTime() - lastHeard > silence.toNanos()) {
                completeStage();
            }
        }
    }

    /** Ends a connection without waiting for the other side to take what is under way. */
    private static final class CutOff extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CutOff() {
            super("the connection was given up", null, false, false);
        }
    }

    /** The bytes as a chunk of a body. Never of none: that would end it. */
    private static ByteString chunk(ByteString bytes) {
        byte[] data = bytes.toArrayUnsafe();
        int digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(data.length)) / 4);
        byte[] chunk = new byte[digits + data.length + 4];
        for (int i = digits - 1, rest = data.length; i >= 0; i--, rest >>>= 4) {
            chunk[i] = DIGITS[rest & 15];
        }
        chunk[digits] = '\r';
        chunk[digits + 1] = '\n';
        System.arraycopy(data, 0, chunk, digits + 2, data.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
        return ByteString.fromArrayUnsafe(chunk);
    }
}
