package io.kvasir.answering;

import io.kvasir.answering.AnswerEvent.Citation;
import io.kvasir.answering.AnswerEvent.Failed;
import io.kvasir.answering.AnswerEvent.Finished;
import io.kvasir.answering.AnswerEvent.Retrieved;
import io.kvasir.answering.AnswerEvent.Text;
import io.kvasir.answering.AnswerEvent.Timings;
import io.kvasir.answering.CitedAnswer.Plan;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TraceParent;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.DontKnow;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.Retrieval.Found;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers questions: finds passages, asks the model, checks the citations. Holds no state of its own; who may ask, and
 * what becomes of the answer, is decided elsewhere.
 */
public final class Answerer implements Answers {
    private static final Logger LOG = LoggerFactory.getLogger(Answerer.class);

    private final Retrieve retrieve;
    private final ChatModels models;
    private final AnsweringSettings settings;

    public Answerer(Retrieve retrieve, ChatModels models, AnsweringSettings settings) {
        this.retrieve = retrieve;
        this.models = models;
        this.settings = settings;
    }

    /** Finds passages of a knowledge base as of a revision, best first, none below the settings' threshold. */
    @FunctionalInterface
    public interface Retrieve {
        CompletionStage<Retrieval> apply(
                Scope scope, long revision, RetrievalSettings settings, String question, Optional<TraceParent> trace);

        /** The same will be asked for in a moment. */
        default void expect(Scope scope, RetrievalSettings settings, String question) {}
    }

    @Override
    public Source<AnswerEvent, NotUsed> answer(Question question) {
        return Source.fromGraph(new CitedAnswer(since -> found(question, since), Answerer::notFound));
    }

    @Override
    public void expect(Question question) {
        retrieve.expect(question.scope(), question.retrieval(), wanted(question));
    }

    private static String wanted(Question question) {
        return FollowUp.standalone(question.text(), question.history());
    }

    private CompletionStage<Plan> found(Question question, Stopwatch since) {
        return retrieve.apply(
                        question.scope(), question.revision(), question.retrieval(), wanted(question), question.trace())
                .thenApply(retrieval -> plan(question, retrieval.results(), since));
    }

    private Plan plan(Question question, List<Found> found, Stopwatch since) {
        double retrievalMs = since.ms();
        Question.Style style = question.style();
        Optional<ChatModel> model = models.find(style.provider());
        if (model.isEmpty()) {
            return new Plan.Say(List.of(
                    new Retrieved(List.of(), retrievalMs, 0),
                    new Failed("llm-unknown", "The provider " + style.provider() + " is not configured")));
        }
        if (found.isEmpty()) {
            return new Plan.Say(List.of(
                    new Retrieved(List.of(), retrievalMs, 0),
                    new Text(DontKnow.sentence(question.text())),
                    new Finished(
                            ChatModel.FinishReason.REFUSED,
                            List.of(),
                            new ChatModel.Usage(style.provider(), style.model(), 0, 0, 0),
                            new Timings(retrievalMs, since.ms(), since.ms()))));
        }
        Prompt prompt = Prompt.of(question, found, settings.historyTokens());
        Retrieved retrieved = new Retrieved(citations(prompt), retrievalMs, prompt.tokens());
        ChatModel.Request request = new ChatModel.Request(
                style.model(),
                prompt.messages(),
                question.text(),
                prompt.evidence(),
                style.temperature(),
                style.maxTokens(),
                Optional.of(question.scope().tenant()),
                question.trace());
        return new Plan.Ask(retrieved, model.get().stream(request));
    }

    private List<Citation> citations(Prompt prompt) {
        List<Citation> citations = new ArrayList<>();
        for (Prompt.Quoted quoted : prompt.quoted()) {
            Passage passage = quoted.found().passage();
            citations.add(new Citation(
                    quoted.evidence().n(),
                    passage.id(),
                    passage.source().source(),
                    passage.title(),
                    passage.url(),
                    passage.page(),
                    snippet(passage.text()),
                    quoted.found().score()));
        }
        return citations;
    }

    private String snippet(String text) {
        int length = settings.snippetLength();
        if (text.length() <= length) {
            return text;
        }
        int end = text.lastIndexOf(' ', length - 1);
        if (end < length / 2) {
            end = Character.isHighSurrogate(text.charAt(length - 2)) ? length - 2 : length - 1;
        }
        return text.substring(0, end) + "…";
    }

    private static AnswerEvent notFound(Throwable problem) {
        Throwable cause =
                problem instanceof CompletionException && problem.getCause() != null ? problem.getCause() : problem;
        if (cause instanceof Problems.Unavailable away) {
            return new Failed("index-unavailable", away.getMessage() + "; please ask again in a while");
        }
        LOG.error("retrieval failed", cause);
        return new Failed("retrieval-failed", "The knowledge base could not be searched");
    }
}
