package io.kvasir.knowledgebase;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.Retrieval;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A search as the outer face shows it. */
record SearchResults(List<Result> results, Retrieval.Timings timings) {
    /** @param stages only where they were asked for */
    record Result(
            PassageId passageId,
            SourceId sourceId,
            String title,
            Optional<String> url,
            Optional<Integer> page,
            List<String> headings,
            String text,
            int start,
            int end,
            String language,
            double score,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Map<String, Retrieval.Stage>> stages) {}

    static SearchResults of(Retrieval found, boolean explain) {
        return new SearchResults(
                found.results().stream().map(f -> result(f, explain)).toList(), found.timings());
    }

    private static Result result(Retrieval.Found found, boolean explain) {
        Passage p = found.passage();
        return new Result(
                p.id(),
                p.source().source(),
                p.title(),
                p.url(),
                p.page(),
                p.headings(),
                p.text(),
                p.start(),
                p.end(),
                p.language(),
                Math.round(found.score() * 1e4) / 1e4,
                explain ? Optional.of(found.stages()) : Optional.empty());
    }
}
