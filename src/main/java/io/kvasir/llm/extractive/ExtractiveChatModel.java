package io.kvasir.llm.extractive;

import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.DontKnow;
import io.kvasir.llm.TokenEstimate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The built-in answerer: quotes up to three sentences of the evidence, each with its mark, or admits that none answers.
 * It writes nothing of its own and costs a dozen embeddings of single sentences. The same request gives the same reply.
 */
public final class ExtractiveChatModel implements ChatModel {
    /** The one model name of this provider. */
    public static final String MODEL = "extractive";

    private static final Logger LOG = LoggerFactory.getLogger(ExtractiveChatModel.class);

    /** More is a page, not an answer. */
    private static final int MOST_QUOTES = 3;

    /** A sentence whose merit is this much below the best one adds more noise than answer. */
    private static final double NEAR = 0.09;

    /** What a sentence of a lower-ranked passage must be closer by, per rank, to lead. */
    private static final double RANK = 0.03;

    private final SentenceScorer scorer;

    public ExtractiveChatModel(SentenceScorer scorer) {
        this.scorer = scorer;
    }

    @Override
    public String provider() {
        return ChatModels.EXTRACTIVE;
    }

    @Override
    public Source<Part, NotUsed> stream(Request request) {
        return Source.lazySource(() -> Source.completionStage(reply(request)).mapConcat(parts -> parts))
                .mapMaterializedValue(_ -> NotUsed.getInstance());
    }

    private CompletionStage<List<Part>> reply(Request request) {
        if (request.evidence().isEmpty() || request.question().isBlank()) {
            return CompletableFuture.completedStage(refusal(request));
        }
        Candidates candidates = new Candidates(request.question(), request.evidence());
        if (candidates.chosen().isEmpty()) {
            return CompletableFuture.completedStage(refusal(request));
        }
        return similarities(
                        request,
                        candidates.chosen().stream().map(Candidate::text).toList())
                .thenCompose(closeness -> {
                    int lead = lead(candidates.chosen(), closeness);
                    Candidate first = candidates.chosen().get(lead);
                    return similarities(
                                    request,
                                    List.of(
                                            candidates.window(first),
                                            first.evidence().title()))
                            .thenApply(context -> {
                                AnswerJudge.Measures measures = new AnswerJudge.Measures(
                                        closeness[lead], context[0], context[1], candidates.missing(first.passage()));
                                return AnswerJudge.answers(measures)
                                        ? quotes(request, candidates.chosen(), closeness, lead)
                                        : refusal(request);
                            });
                });
    }

    private CompletionStage<double[]> similarities(Request request, List<String> texts) {
        return scorer.similarities(request.tenant(), request.question(), texts).exceptionallyCompose(problem -> {
            LOG.warn("sentences could not be compared", problem);
            return CompletableFuture.failedStage(
                    new ChatFailure(ChatFailure.Kind.UNAVAILABLE, "The built-in answerer is not available"));
        });
    }

    private static int lead(List<Candidate> candidates, double[] closeness) {
        int lead = 0;
        for (int i = 1; i < candidates.size(); i++) {
            if (closeness[i] - RANK * candidates.get(i).passage()
                    > closeness[lead] - RANK * candidates.get(lead).passage()) {
                lead = i;
            }
        }
        return lead;
    }

    /** The leading sentence and those that are nearly as good, by passage, in reading order. */
    private static List<Part> quotes(Request request, List<Candidate> candidates, double[] closeness, int lead) {
        record Rated(Candidate candidate, double merit) {}
        List<Rated> rated = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            rated.add(new Rated(candidates.get(i), candidates.get(i).merit(closeness[i])));
        }
        Rated first = rated.remove(lead);
        rated.sort(Comparator.comparingDouble(Rated::merit).reversed());
        double best =
                Math.max(first.merit(), rated.isEmpty() ? 0 : rated.getFirst().merit());
        List<Candidate> chosen = new ArrayList<>(List.of(first.candidate()));
        int left = request.maxTokens() - TokenEstimate.of(first.candidate().text());
        for (Rated next : rated) {
            int cost = TokenEstimate.of(next.candidate().text()) + 2;
            boolean fresh = chosen.stream()
                    .noneMatch(c -> c.text().equals(next.candidate().text()));
            if (chosen.size() < MOST_QUOTES && next.merit() > best - NEAR && cost <= left && fresh) {
                chosen.add(next.candidate());
                left -= cost;
            }
        }
        int leading = first.candidate().passage();
        chosen.sort(Comparator.<Candidate>comparingInt(c -> c.passage() == leading ? -1 : c.passage())
                .thenComparing(Candidate::position));
        List<Part> parts = new ArrayList<>();
        for (Candidate quote : chosen) {
            parts.add(new Part.Text((parts.isEmpty() ? "" : " ") + Quotation.of(quote.text()) + " ["
                    + quote.evidence().n() + "]"));
        }
        return finished(request, parts, FinishReason.STOP);
    }

    private static List<Part> refusal(Request request) {
        List<Part> parts = new ArrayList<>(List.of(new Part.Text(DontKnow.sentence(request.question()))));
        return finished(request, parts, FinishReason.REFUSED);
    }

    private static List<Part> finished(Request request, List<Part> parts, FinishReason reason) {
        int said = 0;
        for (Part part : parts) {
            said += part instanceof Part.Text text ? TokenEstimate.of(text.text()) : 0;
        }
        int read = TokenEstimate.of(request.question());
        for (Evidence evidence : request.evidence()) {
            read += TokenEstimate.of(evidence.text());
        }
        parts.add(new Part.Finished(reason, new Usage(ChatModels.EXTRACTIVE, MODEL, read, said, 0)));
        return parts;
    }
}
