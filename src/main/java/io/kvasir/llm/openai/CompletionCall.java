package io.kvasir.llm.openai;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModel.Request;
import io.kvasir.llm.ChatModel.Usage;
import io.kvasir.llm.TokenEstimate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BufferOverflowException;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.javadsl.Sink;
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
 * actor, so a token costs no hop of ours. Demand runs through to the provider's connection.
 */
final class CompletionCall extends GraphStage<SourceShape<Part>> {
    private static final String WATCH = "watch";
    private static final String RETRY = "retry";
    private static final String DRAINED = "drained";
    private static final int LONGEST_ERROR = 64 * 1024;
    private static final Duration ERROR_BODY = Duration.ofSeconds(2);

    private final OpenAiChatModel model;
    private final OpenAiSettings settings;
    private final Request request;
    private final RandomGenerator random;
    private final Outlet<Part> out = Outlet.create("CompletionCall.out");
    private final SourceShape<Part> shape = SourceShape.of(out);

    CompletionCall(OpenAiChatModel model, OpenAiSettings settings, Request request, RandomGenerator random) {
        this.model = model;
        this.settings = settings;
        this.request = request;
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
            @Nullable HttpResponse response, @Nullable Throwable problem) {}

    private record Refused(ChatFailure failure, Optional<Duration> retryAfter) {}

    private final class Logic extends TimerGraphStageLogic {
        private final long started = System.nanoTime();
        private CompletionReader reader = new CompletionReader();
        private @Nullable SubSinkInlet<ByteString> body;
        private AsyncCallback<Arrival> arrived = createAsyncCallback(this::arrive);
        private AsyncCallback<Refused> refused = createAsyncCallback(this::refuse);
        private int attempts;
        private int estimatedTokens;
        private boolean begun;
        private long waitingSince = started;

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
                    cancelBody();
                    completeStage();
                }
            });
        }

        @Override
        public void preStart() {
            attempt();
            watch();
        }

        private void attempt() {
            attempts++;
            model.send(request).whenComplete((response, problem) -> {
                Arrival arrival = new Arrival(response, problem);
                arrived.invokeWithFeedbackCompletionStage(arrival).whenComplete((_, gone) -> {
                    if (gone != null && response != null) {
                        abandon(response); // the asker left while we waited
                    }
                });
            });
        }

        private void abandon(HttpResponse response) {
            response.entity().getDataBytes().runWith(Sink.cancelled(), model.system());
        }

        private void arrive(Arrival arrival) {
            HttpResponse response = arrival.response();
            if (response == null) {
                failed(unreachable(arrival.problem()), Optional.empty());
            } else if (response.status().intValue() != 200) {
                readRefusal(response);
            } else if (!streams(response.entity().getContentType().mediaType())) {
                abandon(response);
                failed(new ChatFailure(Kind.GARBAGE, "The provider did not answer with a stream"), Optional.empty());
            } else {
                read(response);
            }
        }

        private boolean streams(MediaType type) {
            // Some servers label the stream text/plain or octet-stream; a page or an object it is certainly not.
            return !type.equals(MediaTypes.TEXT_HTML) && !type.equals(MediaTypes.APPLICATION_JSON);
        }

        private void readRefusal(HttpResponse response) {
            int status = response.status().intValue();
            Optional<Duration> after = response.getHeader("Retry-After")
                    .flatMap(header -> Failures.retryAfter(header.value(), Instant.now()));
            response.entity()
                    .toStrict(ERROR_BODY.toMillis(), LONGEST_ERROR, model.system())
                    .whenComplete((strict, problem) -> refused.invoke(new Refused(
                            Failures.ofStatus(
                                    status,
                                    problem != null
                                            ? ""
                                            : ErrorBody.codeOf(strict.getData().toArray())),
                            after)));
        }

        private void refuse(Refused refusal) {
            failed(refusal.failure(), refusal.retryAfter());
        }

        private void read(HttpResponse response) {
            SubSinkInlet<ByteString> inlet = new SubSinkInlet<>("CompletionCall.body");
            inlet.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    push(inlet.grab());
                }

                @Override
                public void onUpstreamFinish() {
                    ended();
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    ended();
                }
            });
            body = inlet;
            reader = new CompletionReader();
            response.entity().getDataBytes().runWith(inlet.sink(), subFusingMaterializer());
            pullBody();
        }

        private void push(ByteString bytes) {
            if (isClosed(out)) {
                pullBody(); // draining, so that the connection can be used again
                return;
            }
            try {
                reader.read(bytes.toArrayUnsafe());
            } catch (ChatFailure failure) {
                failed(failure, Optional.empty());
                return;
            }
            String text = reader.takeText();
            if (!text.isEmpty()) {
                begun = true;
                estimatedTokens += TokenEstimate.of(text);
                if (reader.done()) {
                    emit(out, new Part.Text(text), this::finish);
                } else {
                    push(out, new Part.Text(text));
                }
            } else if (reader.done()) {
                finish();
            } else {
                waitingSince = System.nanoTime();
                pullBody();
            }
        }

        /** The body has no more, one way or the other. */
        private void ended() {
            if (isClosed(out)) {
                completeStage();
            } else if (reader.complete()) {
                finish();
            } else {
                failed(new ChatFailure(Kind.CUT_OFF, "The provider broke off in the middle"), Optional.empty());
            }
        }

        private void finish() {
            int prompt = reader.promptTokens();
            int completion = reader.completionTokens();
            if (prompt < 0) {
                prompt = request.messages().stream()
                        .mapToInt(message -> TokenEstimate.of(message.text()))
                        .sum();
            }
            if (completion < 0) {
                completion = estimatedTokens;
            }
            long cost = model.price(request.model()).costMicros(prompt, completion);
            emit(
                    out,
                    new Part.Finished(
                            reader.reason(), new Usage(settings.name(), request.model(), prompt, completion, cost)),
                    this::drain);
        }

        private void drain() {
            setKeepGoing(true);
            complete(out);
            SubSinkInlet<ByteString> inlet = body;
            if (inlet == null || inlet.isClosed()) {
                completeStage();
            } else {
                scheduleOnce(DRAINED, Duration.ofSeconds(1));
                pullBody();
            }
        }

        private void failed(ChatFailure failure, Optional<Duration> retryAfter) {
            cancelBody();
            if (begun
                    || !Failures.worthRetrying(failure)
                    || attempts >= settings.retries().attempts()) {
                failStage(failure);
                return;
            }
            Duration wait = retryAfter.orElseGet(this::backOff);
            if (wait.compareTo(settings.retries().longest()) > 0 || wait.toNanos() >= untilFirstToken()) {
                failStage(failure);
            } else {
                scheduleOnce(RETRY, wait);
            }
        }

        private Duration backOff() {
            Duration whole = settings.retries().first().multipliedBy(1L << Math.min(attempts - 1, 20));
            Duration capped = whole.compareTo(settings.retries().longest()) > 0
                    ? settings.retries().longest()
                    : whole;
            return Duration.ofNanos((long) (capped.toNanos() * (1 - random.nextDouble() / 2)));
        }

        @Override
        public void onTimer(Object timer) {
            switch ((String) timer) {
                case RETRY -> attempt();
                case DRAINED -> {
                    cancelBody();
                    completeStage();
                }
                default -> watch();
            }
        }

        /** One timer per reply, not per token: it looks at the clock when the nearest limit could be reached. */
        private void watch() {
            if (isClosed(out)) {
                return;
            }
            long now = System.nanoTime();
            long total = started + settings.timeouts().total().toNanos() - now;
            long left = begun ? untilIdle(now) : untilFirstToken();
            if (Math.min(total, left) <= 0) {
                cancelBody();
                failStage(new ChatFailure(
                        Kind.TIMEOUT,
                        begun ? "The provider stopped answering" : "The provider took too long to begin"));
            } else {
                scheduleOnce(WATCH, Duration.ofNanos(Math.max(1_000_000, Math.min(total, left))));
            }
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

        private void cancelBody() {
            SubSinkInlet<ByteString> inlet = body;
            body = null;
            if (inlet != null && !inlet.isClosed()) {
                inlet.cancel();
            }
        }

        private ChatFailure unreachable(@Nullable Throwable problem) {
            return switch (problem) {
                case BufferOverflowException _ ->
                    new ChatFailure(Kind.UNAVAILABLE, "Too many calls wait for the provider");
                case StreamTcpException _ -> new ChatFailure(Kind.UNAVAILABLE, "The provider cannot be reached");
                case null, default -> new ChatFailure(Kind.UNAVAILABLE, "The provider did not answer");
            };
        }
    }
}
