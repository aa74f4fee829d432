package io.kvasir.llm.extractive;

import io.kvasir.kernel.TenantId;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModels;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * The built-in answerer with its judge overruled: answers whatever {@link AnswerJudge} says, so that one sees what would
 * have been cited, and tells what the judge weighed. One question at a time.
 */
public final class Weighed implements ChatModel {
    /** In place of the cosines of context and title: after these no judge refuses. */
    private static final double[] OVERWHELMING = {1_000, -1_000};

    private final SentenceScorer scorer;
    private Optional<Case> last = Optional.empty();

    public Weighed(SentenceScorer scorer) {
        this.scorer = scorer;
    }

    /**
     * @param measures cosines of context, sentence and title, and the number of missing terms
     * @param inUse log-odds by the judge in use, above its threshold: from 0 it lets answer
     */
    public record Case(double[] measures, double inUse) {}

    /** Of the last question; empty where it was refused before it came to the judge. */
    public Optional<Case> last() {
        return last;
    }

    @Override
    public String provider() {
        return ChatModels.EXTRACTIVE;
    }

    @Override
    public Source<Part, NotUsed> stream(Request request) {
        last = Optional.empty();
        Candidates candidates = new Candidates(request.question(), request.evidence());
        return new ExtractiveChatModel(new Listening(candidates)).stream(request);
    }

    private static Case judged(AnswerJudge.Measures measures) {
        return new Case(
                new double[] {measures.window(), measures.sentence(), measures.title(), measures.missing()},
                AnswerJudge.logOdds(measures) - AnswerJudge.THRESHOLD);
    }

    /** Is asked twice: for the sentences, then for context and title of the one that leads. */
    private final class Listening implements SentenceScorer {
        private final Candidates candidates;
        private double[] closeness = {};

        Listening(Candidates candidates) {
            this.candidates = candidates;
        }

        @Override
        public CompletionStage<double[]> similarities(Optional<TenantId> tenant, String question, List<String> texts) {
            return scorer.similarities(tenant, question, texts).thenApply(found -> {
                if (closeness.length == 0) {
                    closeness = found;
                    return found;
                }
                int lead = lead(texts.getFirst());
                int missing = candidates.missing(candidates.chosen().get(lead).passage());
                last = Optional.of(judged(new AnswerJudge.Measures(closeness[lead], found[0], found[1], missing)));
                return OVERWHELMING;
            });
        }

        /** The one with this context. Sentences of a short passage may share theirs: then the closest of them. */
        private int lead(String context) {
            int lead = -1;
            for (int i = 0; i < closeness.length; i++) {
                if (candidates.window(candidates.chosen().get(i)).equals(context)
                        && (lead < 0 || closeness[i] > closeness[lead])) {
                    lead = i;
                }
            }
            return lead;
        }
    }
}
