package io.kvasir.answering;

import io.kvasir.answering.AnswerEvent.Timings;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From a model's parts to the events of an answer: checks the marks, takes the times, turns a failure into an event. */
final class CitedAnswer extends GraphStage<FlowShape<Part, AnswerEvent>> {
    private static final Logger LOG = LoggerFactory.getLogger(CitedAnswer.class);

    private final AnswerEvent.Retrieved retrieved;
    private final Set<Integer> announced;
    private final Stopwatch since;
    private final Inlet<Part> in = Inlet.create("CitedAnswer.in");
    private final Outlet<AnswerEvent> out = Outlet.create("CitedAnswer.out");
    private final FlowShape<Part, AnswerEvent> shape = FlowShape.of(in, out);

    CitedAnswer(AnswerEvent.Retrieved retrieved, Set<Integer> announced, Stopwatch since) {
        this.retrieved = retrieved;
        this.announced = announced;
        this.since = since;
    }

    @Override
    public FlowShape<Part, AnswerEvent> shape() {
        return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
        return new Logic();
    }

    private final class Logic extends GraphStageLogic {
        private final CitationFilter filter = new CitationFilter(announced);
        private double firstTokenMs = -1;
        private boolean told;

        Logic() {
            super(shape);
            setHandler(in, new AbstractInHandler() {
                @Override
                public void onPush() {
                    switch (grab(in)) {
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
            setHandler(out, new AbstractOutHandler() {
                @Override
                public void onPull() {
                    if (told) {
                        pull(in);
                    } else {
                        told = true;
                        push(out, retrieved);
                    }
                }
            });
        }

        private void pass(String text) {
            if (text.isEmpty()) {
                pull(in);
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
                    new Timings(retrieved.tookMs(), firstTokenMs < 0 ? totalMs : firstTokenMs, totalMs)));
            emitMultiple(out, last.iterator(), this::completeStage);
        }

        private void end(AnswerEvent.Failed failed) {
            List<AnswerEvent> last = rest();
            if (!told) {
                last.add(0, retrieved);
            }
            last.add(failed);
            emitMultiple(out, last.iterator(), this::completeStage);
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
