package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Answers;
import io.kvasir.answering.Question;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.TenantId;
import io.kvasir.llm.ChatFailure;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the stream from a question to its answer beside the conversation. It decides nothing and stores nothing. */
final class Answering {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.conversation");
    private static final AnswerEvent CUT_OFF =
            new AnswerEvent.Failed("answer-cut-off", "The answer ended before it was complete");

    private final Answers answers;
    private final Allowance allowance;
    private final Materializer materializer;
    private final int historyTurns;

    /** @param historyTurns most earlier turns put before the model */
    Answering(Answers answers, Allowance allowance, Materializer materializer, int historyTurns) {
        this.answers = answers;
        this.allowance = allowance;
        this.materializer = materializer;
        this.historyTurns = historyTurns;
    }

    /** Starts answering the running turn. Whatever happens, the reply gets exactly one last event, unless the switch is used. */
    UniqueKillSwitch start(
            TenantId tenant, Conversation state, Turn turn, Profile profile, SubjectKey key, LiveReply reply) {
        Question question = question(tenant, state, turn.question(), profile, key);
        return Counted.of(answers.answer(question), allowance, question, profile.reservation())
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.fromGraph(new LiveReplySink(reply, CUT_OFF, Answering::failed)))
                .run(materializer);
    }

    /** The question is on its way and may be refused still: nothing is said, counted or billed. */
    void expect(TenantId tenant, Conversation state, Sealed question, Profile profile, SubjectKey key) {
        answers.expect(question(tenant, state, question, profile, key));
    }

    private Question question(TenantId tenant, Conversation state, Sealed text, Profile profile, SubjectKey key) {
        return new Question(
                new Scope(tenant, state.opening().orElseThrow().knowledgeBase()),
                profile.revision(),
                profile.style(),
                profile.retrieval(),
                history(state, key),
                key.open(text),
                profile.trace());
    }

    private List<Question.Exchange> history(Conversation state, SubjectKey key) {
        List<Question.Exchange> history = new ArrayList<>();
        List<Turn> turns = state.turns();
        for (int i = turns.size() - 1; i >= 0 && history.size() < historyTurns; i--) {
            Turn turn = turns.get(i);
            if (turn.status() == Turn.Status.COMPLETED) {
                StringBuilder answer = new StringBuilder();
                turn.said().forEach(piece -> answer.append(key.open(piece)));
                history.addFirst(new Question.Exchange(key.open(turn.question()), answer.toString()));
            }
        }
        return history;
    }

    private static AnswerEvent failed(Throwable thrown) {
        if (thrown instanceof ChatFailure refusal) {
            return new AnswerEvent.Failed("model-" + code(refusal.kind()), String.valueOf(refusal.getMessage()));
        }
        LOG.error("an answer broke", thrown);
        return new AnswerEvent.Failed("answer-failed", "Something went wrong on our side while answering");
    }

    private static String code(ChatFailure.Kind kind) {
        return switch (kind) {
            case UNAVAILABLE -> "unavailable";
            case TIMEOUT -> "timeout";
            case RATE_LIMITED -> "rate-limited";
            case REJECTED -> "rejected";
            case GARBAGE -> "garbage";
            case CUT_OFF -> "cut-off";
        };
    }
}
