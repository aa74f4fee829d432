package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Question;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.llm.ChatFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the stream from a question to its answer beside the conversation. It decides nothing and stores nothing. */
final class Answering {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.conversation");
    private static final AnswerEvent CUT_OFF =
            new AnswerEvent.Failed("answer-cut-off", "The answer ended before it was complete");

    private final Function<Question, Source<AnswerEvent, NotUsed>> answers;
    private final Allowance allowance;
    private final Materializer materializer;
    private final int historyTurns;

    /** @param historyTurns most earlier turns put before the model */
    Answering(
            Function<Question, Source<AnswerEvent, NotUsed>> answers,
            Allowance allowance,
            Materializer materializer,
            int historyTurns) {
        this.answers = answers;
        this.allowance = allowance;
        this.materializer = materializer;
        this.historyTurns = historyTurns;
    }

    /** Starts answering the running turn. Whatever happens, the inbox gets exactly one last event, unless the switch is used. */
    UniqueKillSwitch start(
            TenantId tenant, Conversation state, Turn turn, Profile profile, SubjectKey key, AnswerInbox inbox) {
        Scope scope = new Scope(tenant, state.opening().orElseThrow().knowledgeBase());
        Question question = new Question(
                scope,
                profile.revision(),
                profile.style(),
                profile.retrieval(),
                history(state, key),
                key.open(turn.question()),
                profile.trace());
        return Source.lazySource(() -> Counted.of(answers.apply(question), allowance, question, profile.reservation()))
                .viaMat(KillSwitches.single(), Keep.right())
                .to(Sink.fromGraph(new InboxSink(inbox, CUT_OFF, Answering::failed)))
                .run(materializer);
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
