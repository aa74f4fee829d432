package io.kvasir.llm.provider;

import java.util.function.Consumer;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.SinkShape;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The responses of a connection. Their bodies are read here, in the connection's own stream, and handed on as {@link Body}. */
final class Responses extends GraphStage<SinkShape<HttpResponse>> {
    private final Inlet<HttpResponse> in = Inlet.create("Responses.in");
    private final SinkShape<HttpResponse> shape = SinkShape.of(in);
    private final Consumer<HttpResponse> arrived;

    Responses(Consumer<HttpResponse> arrived) {
        this.arrived = arrived;
    }

    @Override
    public SinkShape<HttpResponse> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends GraphStageLogic {
        private @Nullable Body reading;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    HttpResponse response = grab(in);
                    arrived.accept(response.entity().isStrict() ? response : read(response));
                    pull(in);
                }

                @Override
                public void onUpstreamFinish() {
                    over();
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    over();
                }
            });
        }

        @Override
        public void preStart() {
            pull(in);
        }

        @Override
        public void postStop() {
            Body cut = reading;
            if (cut != null) {
                cut.end(new StreamTcpException("the connection's stream was stopped"));
            }
        }

        /** The connection is closed. What is left of a body, or that it was cut, is still on its way. */
        private void over() {
            if (reading == null) {
                completeStage();
            } else {
                setKeepGoing(true);
            }
        }

        private void ended(Body body, @Nullable Throwable why) {
            body.end(why);
            reading = reading == body ? null : reading;
            if (reading == null && isClosed(in)) {
                completeStage();
            }
        }

        private HttpResponse read(HttpResponse response) {
            Body body = new Body();
            reading = body;
            SubSinkInlet<ByteString> inlet = new SubSinkInlet<>("Responses.body");
            inlet.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    if (body.put(inlet.grab())) {
                        inlet.pull();
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    ended(body, null);
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    ended(body, problem);
                }
            });
            AsyncCallback<Boolean> wanted = createAsyncCallback(more -> {
                if (inlet.isClosed()) {
                    return;
                }
                if (!more) {
                    inlet.cancel();
                    ended(body, null);
                } else if (!inlet.hasBeenPulled()) {
                    inlet.pull();
                }
            });
            response.entity().getDataBytes().runWith(inlet.sink(), subFusingMaterializer());
            inlet.pull();
            body.from(new Body.Upstream() {
                @Override
                public void resume() {
                    wanted.invoke(true);
                }

                @Override
                public void leave() {
                    wanted.invoke(false);
                }
            });
            return response.withEntity(
                    HttpEntities.createCloseDelimited(response.entity().getContentType(), body.source()));
        }
    }
}
