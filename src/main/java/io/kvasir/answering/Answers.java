package io.kvasir.answering;

import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** What answers questions. */
public interface Answers {
    /**
     * The answer as it comes. Nothing happens before it is run; cancelling it ends what is done for it. It never fails: what
     * goes wrong is its last event.
     */
    Source<AnswerEvent, NotUsed> answer(Question question);

    /** This question may be put in a moment, or be refused: what takes its time and changes nothing can begin. */
    void expect(Question question);
}
