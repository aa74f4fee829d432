package io.kvasir.bench;

import io.kvasir.retrieval.CalibrationMeasures;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.Retriever;
import io.kvasir.retrieval.SearchMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Fits {@code Calibration} to whether the best passages of each question were judged relevant. All sets weigh the same. */
record CalibrationFit(Embedder embedder, PassageIndex index) {
    private static final List<String> SETS = List.of(
            "scifact", "stackfaq", "clapnq", "xquad/ar", "xquad/de", "xquad/en", "xquad/es", "xquad/hi", "xquad/zh");

    private static final int BEST = 10;
    private static final double WEIGHT_OF_A_SET = 1_000;

    /** As good as none; it keeps a measure that never changes from being divided by nothing. */
    private static final double RIDGE = 0.01;

    /** @param inUse the chance by the calibration in use */
    private record Judged(double[] measures, boolean relevant, double inUse, double weight) {
        Logistic.Example example() {
            return new Logistic.Example(measures, relevant, weight);
        }

        Judged weighing(double other) {
            return new Judged(measures, relevant, inUse, other);
        }
    }

    /** @param folder that holds the sets */
    List<Map<String, Object>> run(Path folder) throws IOException {
        Map<SearchMode, List<Judged>> judged = new EnumMap<>(SearchMode.class);
        for (String set : SETS) {
            Beir beir = Beir.read(folder.resolve(set));
            String language = set.startsWith("xquad/") ? set.substring("xquad/".length()) : "en";
            Corpus corpus = Corpus.index(beir, language, embedder, index);
            for (SearchMode mode : SearchMode.values()) {
                judged.computeIfAbsent(mode, _ -> new ArrayList<>()).addAll(search(mode, beir, corpus));
            }
        }
        System.out.printf("%-8s %8s %9s %9s  %s%n", "mode", "passages", "loss", "in use", "intercept and weights");
        return judged.entrySet().stream()
                .map(of -> row(of.getKey(), of.getValue()))
                .toList();
    }

    private List<Judged> search(SearchMode mode, Beir beir, Corpus corpus) {
        RetrievalSettings settings =
                new RetrievalSettings(mode, BEST, 0, 100, 0.7, RetrievalSettings.Rerank.NONE, 1, 400, 50, 2_000);
        Retriever retriever = new Retriever(index, embedder);
        List<Judged> judged = new ArrayList<>();
        for (Beir.Query query : beir.queries()) {
            double fluency = embedder.fluency(query.text());
            Retrieval retrieval = retriever
                    .retrieve(corpus.scope(), corpus.revision(), settings, query.text())
                    .toCompletableFuture()
                    .join();
            for (Retrieval.Found found : retrieval.results()) {
                String document = corpus.documentOf().get(found.passage().id().value());
                judged.add(new Judged(
                        CalibrationMeasures.of(mode, found, fluency),
                        query.relevant().containsKey(document),
                        found.score(),
                        1));
            }
        }
        return judged.stream()
                .map(one -> one.weighing(WEIGHT_OF_A_SET / judged.size()))
                .toList();
    }

    private static Map<String, Object> row(SearchMode mode, List<Judged> judged) {
        Logistic fitted = Logistic.fit(judged.stream().map(Judged::example).toList(), RIDGE);
        double loss = loss(judged, one -> Logistic.chance(fitted.logOdds(one.measures())));
        double inUse = loss(judged, Judged::inUse);
        System.out.printf(
                "%-8s %8d %9.4f %9.4f  %.2f %s%n",
                mode.name().toLowerCase(Locale.ROOT),
                judged.size(),
                loss,
                inUse,
                fitted.intercept(),
                DoubleStream.of(fitted.weights()).mapToObj("%.2f"::formatted).collect(Collectors.joining(" ")));
        return Map.of(
                "mode",
                mode,
                "loss",
                loss,
                "inUse",
                inUse,
                "intercept",
                fitted.intercept(),
                "weights",
                fitted.weights());
    }

    /** Mean of the negative logarithm of the chance that was given to what was judged. */
    private static double loss(List<Judged> judged, ToDoubleFunction<Judged> chance) {
        double sum = 0;
        double weight = 0;
        for (Judged one : judged) {
            double given = chance.applyAsDouble(one);
            sum -= one.weight() * Math.log(one.relevant() ? given : 1 - given);
            weight += one.weight();
        }
        return sum / weight;
    }
}
