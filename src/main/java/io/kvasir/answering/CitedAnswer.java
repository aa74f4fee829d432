package io.kvasir.answering;

import io.kvasir.answering.AnswerEvent.Timings;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One answer from its question to its last event, as one stage: waits for what is found, asks the model, checks the marks,
 * takes the times, turns a failure into an event. A source that waits for another costs each word some steps more.
 */
final class CitedAnswer extends GraphStage<SourceShape<AnswerEvent>> {
    private static final Logger LOG = LoggerFactory.getLogger(CitedAnswer.class);

    private final Outlet<AnswerEvent> out = Outlet.create("CitedAnswer.out");
    private final SourceShape<AnswerEvent> shape = SourceShape.of(out);
    private final Function<Stopwatch, CompletionStage<Plan>> find;
    private final Function<Throwable, AnswerEvent> notFound;

    /** What is said to what was found. */
    sealed interface Plan {
        /** All of it is known. */
        record Say(List<AnswerEvent> all) implements Plan {
            public Say {
                all = List.copyOf(all);
            }
        }

        /** A model says it. */
        record Ask(AnswerEvent.Retrieved retrieved, Source<Part, ?> reply) implements Plan {}
    }

    /**
     * @param find begins when the answer is wanted
     * @param notFound what is said where it fails
     */
    CitedAnswer(Function<Stopwatch, CompletionStage<Plan>> find, Function<Throwable, AnswerEvent> notFound) {
        this.find = find;
        this.notFound = notFound;
    }

    @Override
    public SourceShape<AnswerEvent> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private record Found(@Nullable Plan plan, @Nullable Throwable fault) {}

    private final class Logic extends GraphStageLogic {
        private final Stopwatch since = new Stopwatch();
        private final AsyncCallback<Found> found = createAsyncCallback(this::found);
        private @Nullable SubSinkInlet<Part> reply;
        private CitationFilter filter = new CitationFilter(Set.of());
        private double retrievalMs;
        private double firstTokenMs = -1;

        Logic() {
            super(shape);
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    more();
                }
            });
        }

        @Override
        public void postStop() {
            SubSinkInlet<Part> from = reply;
            if (from != null && !from.isClosed()) {
                from.cancel();
            }
        }

        @Override
        public void preStart() {
            try {
                find.apply(since).whenComplete((plan, fault) -> found.invoke(new Found(plan, fault)));
            } catch (RuntimeException e) {
                found(new Found(null, e));
            }
        }

        private void found(Found what) {
            switch (what.plan()) {
                case null -> say(List.of(notFound.apply(what.fault())));
                case Plan.Say(List<AnswerEvent> all) -> say(all);
                case Plan.Ask ask -> ask(ask);
            }
        }

        private void say(List<AnswerEvent> last) {
            emitMultiple(out, last.iterator(), this::completeStage);
        }

        private void ask(Plan.Ask ask) {
            retrievalMs = ask.retrieved().tookMs();
            filter = new CitationFilter(ask.retrieved().citations().stream()
                    .map(AnswerEvent.Citation::n)
                    .collect(Collectors.toSet()));
            SubSinkInlet<Part> inlet = new SubSinkInlet<>("CitedAnswer.reply");
            inlet.setHandler(new AbstractInHandler() {
                @Override
                public void onPush() {
                    switch (inlet.grab()) {
                        case Part.Text text -> pass(filter.accept(text.text()));
                        case Part.Finished finished -> finish(finished);
                    }
                }

                @Override
                public void onUpstreamFinish() {
                    end(new AnswerEvent.Failed("llm-cut-off", "The answer broke off"));
                }

                @Override
                public void onUpstreamFailure(Throwable problem) {
                    end(failed(problem));
                }
            });
            reply = inlet;
            ask.reply().runWith(inlet.sink(), subFusingMaterializer());
            emit(out, ask.retrieved()); // what the model says is asked for once this was taken
        }

        private void more() {
            SubSinkInlet<Part> from = reply;
            if (from != null && !from.isClosed() && !from.hasBeenPulled()) {
                from.pull();
            }
        }

        private void pass(String text) {
            if (text.isEmpty()) {
                more();
            } else {
                stampFirst();
                push(out, new AnswerEvent.Text(text));
            }
        }

        private void stampFirst() {
            if (firstTokenMs < 0) {
                firstTokenMs = since.ms();
            }
        }

        private void finish(Part.Finished finished) {
            List<AnswerEvent> last = rest();
            double totalMs = since.ms();
            last.add(new AnswerEvent.Finished(
                    finished.reason(),
                    List.copyOf(filter.cited()),
                    finished.usage(),
                    new Timings(retrievalMs, firstTokenMs < 0 ? totalMs : firstTokenMs, totalMs)));
            say(last);
        }

        private void end(AnswerEvent.Failed failed) {
            List<AnswerEvent> last = rest();
            last.add(failed);
            say(last);
        }

        private List<AnswerEvent> rest() {
            List<AnswerEvent> last = new ArrayList<>();
            String rest = filter.end();
            if (!rest.isEmpty()) {
                stampFirst();
                last.add(new AnswerEvent.Text(rest));
            }
            return last;
        }
    }

    static AnswerEvent.Failed failed(Throwable problem) {
        if (problem instanceof ChatFailure failure) {
            String code =
                    switch (failure.kind()) {
                        case UNAVAILABLE -> "llm-unavailable";
                        case TIMEOUT -> "llm-timeout";
                        case RATE_LIMITED -> "llm-rate-limited";
                        case REJECTED -> "llm-rejected";
                        case GARBAGE -> "llm-garbage";
                        case CUT_OFF -> "llm-cut-off";
                    };
            return new AnswerEvent.Failed(code, String.valueOf(failure.getMessage()));
        }
        LOG.error("an answer failed", problem);
        return new AnswerEvent.Failed("internal-error", "The answer could not be given");
    }
}
