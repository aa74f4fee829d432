package io.kvasir.retrieval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one search found, and how. */
public record Retrieval(List<Found> results, Timings timings) {
    public Retrieval {
        results = List.copyOf(results);
    }

    /**
     * @param score calibrated 0 to 1: comparable between questions, what thresholds are set on
     * @param stages by stage name ({@code dense}, {@code keyword}, {@code fusion}, {@code mmr}), for {@code explain}
     */
    public record Found(Passage passage, double score, Map<String, Stage> stages) {
        Found at(String name, Stage stage) {
            Map<String, Stage> more = new LinkedHashMap<>(stages);
            more.put(name, stage);
            return new Found(passage, score, more);
        }
    }

    /** @param rank from 1 in that stage; @param score raw score of that stage */
    public record Stage(int rank, double score) {}

    /** Milliseconds, wall clock. */
    public record Timings(double embedMs, double searchMs, double rankMs, double totalMs) {}
}
