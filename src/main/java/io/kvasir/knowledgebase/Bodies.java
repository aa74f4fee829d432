package io.kvasir.knowledgebase;

import io.kvasir.http.Json;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What callers send, checked field by field. */
final class Bodies {
    private Bodies() {}

    /** A knowledge base as its owner wants it; what is left out stays as it is. */
    record Base(
            @Nullable String name,
            @Nullable String description,
            @Nullable String provider,
            @Nullable String model,
            @Nullable String systemPrompt,
            @Nullable Double temperature,
            @Nullable Integer maxTokens,
            @Nullable String embeddingModel,
            @Nullable Boolean active) {
        Base {
            Errors errors = new Errors();
            errors.length("/name", name, 1, 200);
            errors.length("/description", description, 0, 2_000);
            errors.length("/provider", provider, 1, 64);
            errors.length("/model", model, 0, 200);
            errors.length("/systemPrompt", systemPrompt, 0, 20_000);
            errors.range("/temperature", temperature, 0, 2);
            errors.range("/maxTokens", maxTokens, 1, 100_000);
            errors.raise();
        }

        KnowledgeBases.Wishes wishes() {
            return new KnowledgeBases.Wishes(
                    Optional.ofNullable(name).map(String::strip),
                    Optional.ofNullable(description),
                    Optional.ofNullable(provider),
                    Optional.ofNullable(model),
                    Optional.ofNullable(systemPrompt),
                    Optional.ofNullable(temperature),
                    Optional.ofNullable(maxTokens),
                    Optional.ofNullable(embeddingModel),
                    Optional.ofNullable(active));
        }

        KnowledgeBases.Wishes whole() {
            if (name == null) {
                throw Json.Refusal.of(new FieldError("/name", "is required"));
            }
            return wishes();
        }
    }

    /** Search settings; what is left out stays as it is. */
    record RagConfig(
            @Nullable SearchMode mode,
            @Nullable Integer maxResults,
            @Nullable Double threshold,
            @Nullable Integer candidates,
            @Nullable Double denseWeight,
            RetrievalSettings.@Nullable Rerank rerank,
            @Nullable Double mmrLambda,
            @Nullable Integer chunkTokens,
            @Nullable Integer chunkOverlapTokens,
            @Nullable Integer contextTokens) {
        RetrievalSettings over(RetrievalSettings now) {
            RetrievalSettings next = new RetrievalSettings(
                    mode == null ? now.mode() : mode,
                    maxResults == null ? now.maxResults() : maxResults,
                    threshold == null ? now.threshold() : threshold,
                    candidates == null ? now.candidates() : candidates,
                    denseWeight == null ? now.denseWeight() : denseWeight,
                    rerank == null ? now.rerank() : rerank,
                    mmrLambda == null ? now.mmrLambda() : mmrLambda,
                    chunkTokens == null ? now.chunkTokens() : chunkTokens,
                    chunkOverlapTokens == null ? now.chunkOverlapTokens() : chunkOverlapTokens,
                    contextTokens == null ? now.contextTokens() : contextTokens);
            Errors errors = new Errors();
            errors.range("/maxResults", next.maxResults(), 1, 50);
            errors.range("/threshold", next.threshold(), 0, 1);
            errors.range("/candidates", next.candidates(), 10, 1_000);
            errors.range("/denseWeight", next.denseWeight(), 0, 1);
            errors.range("/mmrLambda", next.mmrLambda(), 0, 1);
            errors.range("/chunkTokens", next.chunkTokens(), 32, 450);
            errors.range("/chunkOverlapTokens", next.chunkOverlapTokens(), 0, next.chunkTokens() / 2);
            errors.range("/contextTokens", next.contextTokens(), 200, 100_000);
            errors.raise();
            return next;
        }
    }

    record Search(
            @Nullable String query,
            @Nullable Integer limit,
            @Nullable SearchMode mode,
            @Nullable Boolean explain) {
        Search {
            Errors errors = new Errors();
            if (query == null || query.isBlank()) {
                errors.add("/query", "is required");
            }
            errors.length("/query", query, 1, 100_000);
            errors.range("/limit", limit, 1, 50);
            errors.raise();
        }

        String text() {
            return String.valueOf(query);
        }

        RetrievalSettings over(RetrievalSettings s) {
            return new RetrievalSettings(
                    mode == null ? s.mode() : mode,
                    limit == null ? s.maxResults() : limit,
                    s.threshold(),
                    Math.max(s.candidates(), limit == null ? 0 : limit),
                    s.denseWeight(),
                    s.rerank(),
                    s.mmrLambda(),
                    s.chunkTokens(),
                    s.chunkOverlapTokens(),
                    s.contextTokens());
        }
    }

    /** Gathers all errors before it refuses. */
    private static final class Errors {
        private final List<FieldError> errors = new ArrayList<>();

        void add(String pointer, String detail) {
            errors.add(new FieldError(pointer, detail));
        }

        void length(String pointer, @Nullable String value, int least, int most) {
            if (value == null) {
                return;
            }
            if (value.length() > most || value.strip().length() < least) {
                add(pointer, "must have " + least + " to " + most + " characters");
            } else if (value.indexOf('\u0000') >= 0) {
                add(pointer, "must not hold NUL characters");
            }
        }

        void range(String pointer, @Nullable Number value, double least, double most) {
            if (value != null && !(value.doubleValue() >= least && value.doubleValue() <= most)) {
                add(pointer, "must be from " + number(least) + " to " + number(most));
            }
        }

        private static String number(double value) {
            return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
        }

        void raise() {
            if (!errors.isEmpty()) {
                throw new Json.Refusal(new Rejection.Invalid("The request has invalid fields", errors));
            }
        }
    }
}
