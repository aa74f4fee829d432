package io.kvasir.bench;

import io.kvasir.answering.EmbeddedSentences;
import io.kvasir.llm.extractive.Weighed;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.Retriever;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * Fits {@code AnswerJudge} to whether an answer would cite a right passage. How good that is, is told of questions held
 * out, in ten folds; the sets are small, so it is the mean over ten ways to fold them.
 */
record JudgeFit(ActorSystem<Void> system, RememberingEmbedder embedder, PassageIndex index) {
    /** @param weight of each of its questions */
    private record Weighted(String set, double weight) {
        String language() {
            return set.contains("/") ? set.substring(set.indexOf('/') + 1) : "en";
        }
    }

    /**
     * Clapnq counts most: only there people asked on their own, half of the time what no passage answers. The languages
     * that the model does not know count a little: without them almost nothing is refused in them.
     */
    private static final List<Weighted> SETS = List.of(
            new Weighted("clapnq", 1),
            new Weighted("xquad/en", 0.5),
            new Weighted("pubmedqa", 0.25),
            new Weighted("xquad/de", 0.05),
            new Weighted("xquad/es", 0.05),
            new Weighted("xquad/zh", 0.05),
            new Weighted("xquad/ar", 0.05),
            new Weighted("xquad/hi", 0.05));

    /** What is asked of {@link Figures}, of clapnq's questions. */
    private static final Figures BARS = new Figures(0.85, 0.75, 0);

    private static final double RIDGE = 3;
    private static final int FOLDS = 10;
    private static final int WAYS = 10;

    /** @param right whether a right passage is cited when it is answered, whatever the judge says */
    private record Asked(Weighted of, boolean answerable, boolean right, Weighed.Case weighed) {
        Logistic.Example example() {
            return new Logistic.Example(weighed.measures(), right, of.weight());
        }
    }

    private record Rated(Asked asked, double odds) {}

    /**
     * @param cited share of the answerable questions answered with a right passage
     * @param refused share of the others
     * @param area under the curve: how often an answerable one has better odds than another
     */
    private record Figures(double cited, double refused, double area) {
        static Figures of(List<Rated> rated, double threshold) {
            List<Rated> answerable =
                    rated.stream().filter(one -> one.asked().answerable()).toList();
            List<Rated> others =
                    rated.stream().filter(one -> !one.asked().answerable()).toList();
            double cited = answerable.stream()
                    .filter(one -> one.asked().right() && one.odds() > threshold)
                    .count();
            double refused =
                    others.stream().filter(one -> one.odds() <= threshold).count();
            double better = 0;
            for (Rated one : answerable) {
                better += others.stream()
                        .filter(other -> one.odds() > other.odds())
                        .count();
            }
            return new Figures(
                    cited / answerable.size(), refused / others.size(), better / answerable.size() / others.size());
        }

        static Figures mean(List<Figures> all) {
            return new Figures(mean(all, Figures::cited), mean(all, Figures::refused), mean(all, Figures::area));
        }

        private static double mean(List<Figures> all, ToDoubleFunction<Figures> which) {
            return all.stream().mapToDouble(which).average().orElseThrow();
        }

        double margin() {
            return Math.min(cited - BARS.cited, refused - BARS.refused);
        }
    }

    /** @param folder that holds the sets */
    Map<String, Object> run(Path folder) throws IOException {
        List<Asked> asked = new ArrayList<>();
        for (Weighted set : SETS) {
            asked.addAll(ask(set, Beir.read(folder.resolve(set.set()))));
        }
        Logistic fitted = fit(asked);
        List<List<Rated>> held =
                IntStream.range(0, WAYS).mapToObj(way -> heldOut(asked, way)).toList();
        double threshold = threshold(held);
        List<Rated> seen = asked.stream()
                .map(one -> new Rated(one, fitted.logOdds(one.weighed().measures())))
                .toList();
        List<Rated> inUse =
                asked.stream().map(one -> new Rated(one, one.weighed().inUse())).toList();
        System.out.printf("%-12s %-10s %6s %10s %9s %9s%n", "set", "judge", "asked", "gold cited", "refused", "area");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Weighted set : SETS) {
            rows.add(row(set, "held out", held, threshold));
            rows.add(row(set, "fitted", List.of(seen), threshold));
            rows.add(row(set, "in use", List.of(inUse), 0));
        }
        System.out.printf(
                "INTERCEPT %.4f WINDOW %.4f SENTENCE %.4f TITLE %.4f MISSING %.4f THRESHOLD %.2f%n%n",
                fitted.intercept(),
                fitted.weights()[0],
                fitted.weights()[1],
                fitted.weights()[2],
                fitted.weights()[3],
                threshold);
        return Map.of(
                "intercept", fitted.intercept(), "weights", fitted.weights(), "threshold", threshold, "rows", rows);
    }

    /** Where every question has an answer, those of every other one are withheld. */
    private List<Asked> ask(Weighted set, Beir beir) throws IOException {
        Weighed model = new Weighed(new EmbeddedSentences(embedder));
        Corpus corpus = Corpus.index(beir, set.language(), embedder, index);
        AnswersBench.Asking asking = new AnswersBench.Asking(system, new Retriever(index, embedder), corpus, model);
        boolean withhold = beir.queries().stream().noneMatch(q -> q.relevant().isEmpty());
        List<Asked> asked = new ArrayList<>();
        for (int i = 0; i < beir.queries().size(); i++) {
            Beir.Query query = beir.queries().get(i);
            Set<String> withheld = withhold && i % 2 == 1 ? query.relevant().keySet() : Set.of();
            AnswersBench.Outcome outcome = asking.ask(query, withheld);
            boolean right = outcome.answerable() && outcome.citedRight();
            model.last().ifPresent(weighed -> asked.add(new Asked(set, outcome.answerable(), right, weighed)));
        }
        return asked;
    }

    private static Logistic fit(List<Asked> asked) {
        return Logistic.fit(asked.stream().map(Asked::example).toList(), RIDGE);
    }

    /** Each by a fit to the other folds. @param way to fold, a seed */
    private static List<Rated> heldOut(List<Asked> asked, int way) {
        List<Asked> mixed = new ArrayList<>(asked);
        Collections.shuffle(mixed, new Random(way));
        List<Rated> rated = new ArrayList<>();
        for (int fold = 0; fold < FOLDS; fold++) {
            List<Asked> held = mixed.subList(mixed.size() * fold / FOLDS, mixed.size() * (fold + 1) / FOLDS);
            List<Asked> others = new ArrayList<>(mixed.subList(0, mixed.size() * fold / FOLDS));
            others.addAll(mixed.subList(mixed.size() * (fold + 1) / FOLDS, mixed.size()));
            Logistic fitted = fit(others);
            held.forEach(
                    one -> rated.add(new Rated(one, fitted.logOdds(one.weighed().measures()))));
        }
        return rated;
    }

    /** That with most left to the nearer of the two bars, in hundredths. */
    private static double threshold(List<List<Rated>> held) {
        double best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int hundredths = -300; hundredths <= 300; hundredths++) {
            double threshold = hundredths / 100.0;
            double margin = figures(SETS.getFirst(), held, threshold).margin();
            if (margin > most) {
                most = margin;
                best = threshold;
            }
        }
        return best;
    }

    private static Figures figures(Weighted set, List<List<Rated>> ways, double threshold) {
        return Figures.mean(ways.stream()
                .map(rated -> Figures.of(
                        rated.stream().filter(one -> one.asked().of() == set).toList(), threshold))
                .toList());
    }

    private static Map<String, Object> row(Weighted set, String judge, List<List<Rated>> ways, double threshold) {
        Figures figures = figures(set, ways, threshold);
        long asked =
                ways.getFirst().stream().filter(one -> one.asked().of() == set).count();
        System.out.printf(
                "%-12s %-10s %6d %9.1f%% %8.1f%% %9.3f%n",
                set.set(), judge, asked, 100 * figures.cited(), 100 * figures.refused(), figures.area());
        return Map.of(
                "set",
                set.set(),
                "judge",
                judge,
                "asked",
                asked,
                "goldCited",
                figures.cited(),
                "refused",
                figures.refused(),
                "area",
                figures.area());
    }
}
