package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Question;
import io.kvasir.llm.TokenEstimate;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * One answer whose use is told to the {@link Allowance}, once, however it ends: with what the model said it used, or, where
 * it was stopped or broke off, with an estimate of what was put to the model and came back. Nothing said, nothing used.
 */
final class Counted {
    private final Allowance allowance;
    private final Question question;
    private final String reservation;
    private final AtomicBoolean told = new AtomicBoolean();
    private int prompt;
    private int said;

    private Counted(Allowance allowance, Question question, String reservation) {
        this.allowance = allowance;
        this.question = question;
        this.reservation = reservation;
    }

    static Source<AnswerEvent, NotUsed> of(
            Source<AnswerEvent, NotUsed> answer, Allowance allowance, Question question, String reservation) {
        Counted counted = new Counted(allowance, question, reservation);
        return answer.map(counted::seen).watchTermination((mat, ended) -> {
            counted.whenEnded(ended);
            return mat;
        });
    }

    private AnswerEvent seen(AnswerEvent event) {
        switch (event) {
            case AnswerEvent.Retrieved r -> prompt = r.promptTokens();
            case AnswerEvent.Text t -> said += TokenEstimate.of(t.text());
            case AnswerEvent.Finished f -> {
                if (told.compareAndSet(false, true)) {
                    allowance.settle(
                            question.scope(),
                            reservation,
                            new Allowance.Used(
                                    f.usage().provider(),
                                    f.usage().model(),
                                    f.usage().promptTokens(),
                                    f.usage().completionTokens(),
                                    OptionalLong.of(f.usage().costMicros())));
                }
            }
            case AnswerEvent.Failed _ -> {}
        }
        return event;
    }

    private void whenEnded(CompletionStage<Done> ended) {
        ended.whenComplete((_, _) -> {
            if (!told.compareAndSet(false, true)) {
                return;
            }
            if (said == 0) {
                allowance.release(question.scope(), reservation);
            } else {
                allowance.settle(
                        question.scope(),
                        reservation,
                        new Allowance.Used(
                                question.style().provider(),
                                question.style().model(),
                                prompt,
                                said,
                                OptionalLong.empty()));
            }
        });
    }
}
