package io.kvasir.llm.provider;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Request;
import io.kvasir.llm.ChatModel.Usage;
import io.kvasir.llm.Price;
import io.kvasir.llm.TokenEstimate;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One call of a provider from request to finish, as one stage: attempts, time-outs and reading share its state and its
 * actor, so a token costs no hop of ours. Demand runs through to the provider's connection, and leaving closes it.
 */
final class StreamedCall extends GraphStage<SourceShape<Part>> {
    private static final String WATCH = "watch";
    private static final String RETRY = "retry";
    private static final String DRAINED = "drained";

    /** What may still come after a reason was told: the usage. */
    private static final Duration AFTERWORD = Duration.ofSeconds(2);

    private static final Duration DRAIN = Duration.ofSeconds(1);

    private final Upstream upstream;
    private final WireFormat format;
    private final Price price;
    private final Request request;
    private final ProviderSettings settings;
    private final RandomGenerator random;
    private final Outlet<Part> out = Outlet.create("StreamedCall.out");
    private final SourceShape<Part> shape = SourceShape.of(out);

    StreamedCall(Upstream upstream, WireFormat format, Price price, Request request, RandomGenerator random) {
        this.upstream = upstream;
        this.format = format;
        this.price = price;
        this.request = request;
        this.settings = upstream.settings();
        this.random = random;
    }

    @Override
    public SourceShape<Part> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    /** What came of one attempt: a response, or why there is none. */
    private record Arrival(
            Upstream.Call call,
            @Nullable HttpResponse response,
            @Nullable Throwable problem) {}

    private final class Logic extends TimerGraphStageLogic {
        private final long started = System.nanoTime();
        private final Backoff backoff = new Backoff(settings.retries(), random);
        private final AsyncCallback<Arrival> arrived = createAsyncCallback(this::arrive);
        private final AsyncCallback<Refused> refused = createAsyncCallback(this::failed);
        private EventReader reader = new EventReader(format);
        private Upstream.@Nullable Call call;
        private @Nullable SubSinkInlet<ByteString> body;
        private int attempts;
        private int estimatedTokens;
        private boolean begun;
        private boolean finishing;
        private long waitingSince = started;
        /** When the reason was told, 0 before. */
        private long wholeSince;
        /** It went on after a reason, as some do who tell one with every piece: only the end of the stream is the end. */
        private boolean wentOn;

        Logic() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    waitingSince = System.nanoTime();
                    pullBody();
                }

                @Override
                public void onDownstreamFinish(Throwable cause) {
                    leave();
                    completeStage();
                }
            });
        }

        @Override
        public void preStart() {
            attempt();
            watch();
        }

        @Override
        public void postStop() {
            leave(); // however the stage came to its end; has no effect on a call that ended
        }

        private void attempt() {
            attempts++;
            Upstream.Attempt attempt = upstream.attempt(format.request(settings, request));
            Upstream.Call now = attempt.call();
            call = now;
            if (now == null) {
                Refused ours = attempt.refused();
                failed(ours == null ? Refused.forGood(Failures.unreachable(null)) : ours);
            } else {
                now.response().whenComplete((response, problem) -> arrived.invoke(new Arrival(now, response, problem)));
            }
        }

        private void arrive(Arrival arrival) {
            HttpResponse response = arrival.response();
            if (response == null) {
                failed(Refused.of(Failures.unreachable(arrival.problem())));
            } else if (response.status().intValue() != 200) {
                Refusals.read(response, arrival.call(), upstream.system()).thenAccept(refused::invoke);
            } else if (!streams(response.entity().getContentType().mediaType())) {
                failed(Refused.of(new ChatFailure(Kind.GARBAGE, "The provider did not answer with a stream")));
            } else {
                read(response);
            }
        }

        private boolean streams(MediaType type) {
            // Some servers label the stream text/plain or octet-stream; a page or an object it is certainly not.
            return !type.equals(MediaTypes.TEXT_HTML) && !type.equals(MediaTypes.APPLICATION_JSON);
        }

        private void read(HttpResponse response) {
            SubSinkInlet<ByteString> inlet = new SubSinkInlet<>("StreamedCall.body");
            inlet.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    take(inlet.grab());
                }

                @Override
                public void onUpstreamFinish() {
                    ended(true);
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    ended(false);
                }
            });
            body = inlet;
            reader = new EventReader(format);
            response.entity().getDataBytes().runWith(inlet.sink(), subFusingMaterializer());
            pullBody();
        }

        private void take(ByteString bytes) {
            if (finishing) {
                pullBody(); // draining, so that the connection can be used again
                return;
            }
            ChatFailure broken = null;
            try {
                reader.read(bytes.toArrayUnsafe());
            } catch (ChatFailure failure) {
                broken = failure;
            }
            Reply reply = reader.reply();
            String text = reply.takeText();
            if (broken != null) {
                if (!text.isEmpty()) {
                    begin();
                    push(out, new Part.Text(text)); // it was said before, though it came with that
                }
                failed(Refused.of(broken));
                return;
            }
            if (!text.isEmpty()) {
                if (wholeSince != 0) {
                    wholeSince = 0;
                    wentOn = true;
                }
                begin();
                estimatedTokens += TokenEstimate.of(text);
                if (reply.done()) {
                    finishing = true;
                    emit(out, new Part.Text(text), this::finish);
                } else {
                    push(out, new Part.Text(text));
                }
            } else if (reply.done()) {
                finish();
            } else {
                waitingSince = System.nanoTime();
                pullBody();
            }
            if (wholeSince == 0 && !wentOn && reply.complete() && !finishing) {
                wholeSince = System.nanoTime();
                scheduleOnce(WATCH, AFTERWORD);
            }
        }

        private void begin() {
            Upstream.Call now = call;
            if (!begun && now != null) {
                begun = true;
                now.well();
            }
        }

        /** The body has no more. @param whole whether it ended in good order */
        private void ended(boolean whole) {
            Upstream.Call now = call;
            if (whole && reader.reply().complete() && now != null) {
                now.read();
            }
            if (isClosed(out)) {
                completeStage();
            } else if (finishing) {
                return; // what is being emitted goes on to the end
            } else if (reader.reply().complete()) {
                finish();
            } else {
                failed(Refused.of(new ChatFailure(Kind.CUT_OFF, "The provider broke off in the middle")));
            }
        }

        private void finish() {
            Reply reply = reader.reply();
            if (reply.reason() == FinishReason.CONTENT_FILTER && !begun) {
                String why = reply.detail().isEmpty() ? "" : " (" + reply.detail() + ")";
                failed(Refused.of(new ChatFailure(Kind.REJECTED, "The provider's filter withheld the answer" + why)));
                return;
            }
            finishing = true;
            begin();
            emit(out, new Part.Finished(reply.reason(), usage(reply)), this::drain);
        }

        private Usage usage(Reply reply) {
            int prompt = reply.promptTokens();
            int completion = reply.completionTokens();
            if (prompt < 0) {
                prompt = request.messages().stream()
                        .mapToInt(message -> TokenEstimate.of(message.text()))
                        .sum();
            }
            if (completion < 0) {
                completion = estimatedTokens;
            }
            return new Usage(
                    settings.name(),
                    request.model(),
                    prompt,
                    completion,
                    reply.cachedTokens(),
                    reply.reasoningTokens(),
                    price.costMicros(prompt, reply.cachedTokens(), completion));
        }

        private void drain() {
            setKeepGoing(true);
            complete(out);
            SubSinkInlet<ByteString> inlet = body;
            if (inlet == null || inlet.isClosed()) {
                completeStage();
            } else {
                scheduleOnce(DRAINED, DRAIN);
                pullBody();
            }
        }

        private void failed(Refused refusal) {
            Upstream.Call now = call;
            call = null;
            closeBody();
            if (now != null) {
                now.failed(refusal.failure());
            }
            Optional<Duration> wait = begun ? Optional.empty() : backoff.next(refusal, attempts, untilFirstToken());
            if (wait.isEmpty()) {
                failStage(refusal.failure());
            } else {
                wholeSince = 0;
                wentOn = false;
                scheduleOnce(RETRY, wait.get());
            }
        }

        @Override
        public void onTimer(Object timer) {
            switch ((String) timer) {
                case RETRY -> attempt();
                case DRAINED -> completeStage();
                default -> watch();
            }
        }

        /** One timer per reply, not per token: it looks at the clock when the nearest limit could be reached. */
        private void watch() {
            if (isClosed(out) || finishing) {
                return;
            }
            long now = System.nanoTime();
            long total = started + settings.timeouts().total().toNanos() - now;
            long left = begun ? untilIdle(now) : untilFirstToken();
            if (wholeSince != 0) {
                long afterword = isAvailable(out) ? wholeSince + AFTERWORD.toNanos() - now : AFTERWORD.toNanos();
                if (Math.min(Math.min(total, left), afterword) <= 0) {
                    finish();
                    return;
                }
                left = Math.min(left, afterword);
            } else if (Math.min(total, left) <= 0) {
                timedOut();
                return;
            }
            scheduleOnce(WATCH, Duration.ofNanos(Math.max(1_000_000, Math.min(total, left))));
        }

        private void timedOut() {
            ChatFailure failure = new ChatFailure(
                    Kind.TIMEOUT, begun ? "The provider stopped answering" : "The provider took too long to begin");
            Upstream.Call now = call;
            call = null;
            closeBody();
            if (now != null) {
                now.failed(failure);
            }
            failStage(failure);
        }

        private long untilFirstToken() {
            return started + settings.timeouts().firstToken().toNanos() - System.nanoTime();
        }

        private long untilIdle(long now) {
            long idle = settings.timeouts().idle().toNanos();
            return isAvailable(out) ? waitingSince + idle - now : idle; // a reader that does not ask is not our silence
        }

        private void pullBody() {
            SubSinkInlet<ByteString> inlet = body;
            if (inlet != null && !inlet.isClosed() && !inlet.hasBeenPulled() && (isClosed(out) || isAvailable(out))) {
                inlet.pull();
            }
        }

        private void closeBody() {
            SubSinkInlet<ByteString> inlet = body;
            body = null;
            if (inlet != null && !inlet.isClosed()) {
                inlet.cancel();
            }
        }

        private void leave() {
            Upstream.Call now = call;
            call = null;
            if (now != null) {
                now.leave();
            }
            closeBody();
        }
    }
}
