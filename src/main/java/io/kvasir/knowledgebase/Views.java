package io.kvasir.knowledgebase;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.kvasir.answering.Question;
import io.kvasir.http.Page;
import io.kvasir.ingestion.Ingestion;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/** Knowledge bases, documents and jobs as the outer face shows them: opened, where their keys still exist. */
final class Views {
    private static final String ERASED = "[erased]";

    private final SubjectKeys keys;

    Views(SubjectKeys keys) {
        this.keys = keys;
    }

    /**
     * @param embeddingModel its passages are found with
     * @param embeddingChange where they are on their way to another
     * @param shareUrl path of the public page
     */
    record Base(
            KnowledgeBaseId id,
            UserId ownerId,
            String name,
            Optional<String> description,
            String provider,
            String model,
            Optional<String> systemPrompt,
            double temperature,
            int maxTokens,
            String embeddingModel,
            Optional<EmbeddingChange> embeddingChange,
            boolean active,

            @JsonProperty("public") boolean isPublic,

            Optional<String> slug,
            Optional<String> shareUrl,
            long revision,
            int documents,
            int passages,
            Instant createdAt,
            Instant updatedAt) {}

    /**
     * Passages on their way to another embedding model, while the present one is in service.
     *
     * @param model to which
     * @param status {@code waiting}, {@code embedding}, {@code finishing}, or {@code paused} after a failure
     * @param percent 0 to 100
     * @param error why it did not get on
     * @param retryAt when it is tried again
     */
    record EmbeddingChange(
            String model,
            String status,
            long passagesDone,
            Optional<Long> passagesTotal,
            int percent,
            Instant startedAt,
            Optional<String> error,
            Optional<Instant> retryAt) {}

    static EmbeddingChange change(Head.Change change) {
        return new EmbeddingChange(
                change.to().model(),
                change.phase().name().toLowerCase(Locale.ROOT),
                change.done(),
                change.total(),
                change.total()
                        .map(total -> (int) (total == 0 ? 100 : 100 * change.done() / total))
                        .orElse(0),
                change.startedAt(),
                change.error(),
                change.retryAt());
    }

    record Doc(
            SourceId id,
            String fileName,
            String title,
            Optional<String> mediaType,
            Optional<String> language,
            long size,
            String sha256,
            long version,
            boolean searchable,
            int passages,
            JobView job) {}

    /** How a job stands, as the outer face names it. */
    enum Progress {
        @JsonProperty("pending")
        PENDING,
        @JsonProperty("processing")
        PROCESSING,
        @JsonProperty("completed")
        COMPLETED,
        @JsonProperty("failed")
        FAILED,
        @JsonProperty("cancelled")
        CANCELLED
    }

    record JobView(
            JobId id,
            SourceId documentId,
            String fileName,
            Progress status,
            Optional<String> stage,
            int progress,
            int chunksDone,
            Optional<Integer> chunksTotal,
            long size,
            Optional<String> mediaType,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Job.Error> error,
            int attempt,
            Instant createdAt,
            Optional<Instant> startedAt,
            Optional<Instant> endedAt) {}

    /** The wishes over what is there already, or over the configured defaults. */
    Profile profile(
            SubjectKey key, KnowledgeBases.Wishes wishes, Optional<Profile> before, KnowledgeBaseSettings settings) {
        return new Profile(
                wishes.name().map(key::seal).or(() -> before.map(Profile::name)).orElseThrow(),
                wishes.description().map(key::seal).or(() -> before.flatMap(Profile::description)),
                wishes.provider().or(() -> before.map(Profile::provider)).orElse(settings.provider()),
                wishes.model().or(() -> before.map(Profile::model)).orElse(settings.model()),
                wishes.systemPrompt().map(key::seal).or(() -> before.flatMap(Profile::systemPrompt)),
                wishes.temperature().or(() -> before.map(Profile::temperature)).orElse(settings.temperature()),
                wishes.maxTokens().or(() -> before.map(Profile::maxTokens)).orElse(settings.maxTokens()),
                wishes.active().or(() -> before.map(Profile::active)).orElse(true));
    }

    CompletionStage<Outcome<Base>> base(Scope scope, Outcome<Head> outcome) {
        return opened(outcome, Sources.ownSubject(scope), (head, key) -> {
            Profile profile = head.profile();
            return new Base(
                    scope.knowledgeBase(),
                    head.opening().owner(),
                    open(key, profile.name()),
                    profile.description().map(d -> open(key, d)),
                    profile.provider(),
                    profile.model(),
                    profile.systemPrompt().map(p -> open(key, p)),
                    profile.temperature(),
                    profile.maxTokens(),
                    head.embedding().model(),
                    head.change().map(Views::change),
                    profile.active(),
                    head.slug().isPresent(),
                    head.slug(),
                    head.slug().map(slug -> "/kb/" + slug),
                    head.revision(),
                    head.documents(),
                    head.passages(),
                    head.opening().at(),
                    head.changedAt());
        });
    }

    CompletionStage<Outcome<KnowledgeBases.ForAnswers>> forAnswers(Scope scope, Outcome<Head> outcome) {
        return opened(outcome, Sources.ownSubject(scope), (head, key) -> {
            Profile profile = head.profile();
            return new KnowledgeBases.ForAnswers(
                    head.revision(),
                    open(key, profile.name()),
                    profile.description().map(d -> open(key, d)).orElse(""),
                    profile.active(),
                    new Question.Style(
                            profile.provider(),
                            profile.model(),
                            profile.systemPrompt().map(p -> open(key, p)).orElse(""),
                            profile.temperature(),
                            profile.maxTokens()),
                    Sources.retrieval(head.search()));
        });
    }

    CompletionStage<Outcome<Doc>> document(Scope scope, Outcome<Seen> outcome) {
        return Region.then(
                CompletableFuture.completedFuture(outcome),
                seen -> document(scope, seen).thenApply(Outcome::done));
    }

    /** @param outcome one more than fits on the page, where there are so many */
    CompletionStage<Outcome<Page<Doc>>> documents(Scope scope, Outcome<List<Seen>> outcome, int limit) {
        return Region.then(CompletableFuture.completedFuture(outcome), oneMore -> {
            Page<Seen> page =
                    Page.of(oneMore, limit, seen -> seen.document().id().value());
            return documents(scope, page.items()).thenApply(docs -> Outcome.done(new Page<>(docs, page.nextCursor())));
        });
    }

    CompletionStage<List<Doc>> documents(Scope scope, List<Seen> seen) {
        List<CompletableFuture<Doc>> each =
                seen.stream().map(s -> document(scope, s).toCompletableFuture()).toList();
        return CompletableFuture.allOf(each.toArray(CompletableFuture[]::new)).thenApply(_ -> {
            List<Doc> docs = new ArrayList<>();
            each.forEach(doc -> docs.add(doc.join()));
            return docs;
        });
    }

    CompletionStage<Doc> document(Scope scope, Seen seen) {
        Document d = seen.document();
        return keys.find(Sources.subject(scope, d.id())).thenApply(key -> {
            String name = open(key, d.file().name());
            return new Doc(
                    d.id(),
                    name,
                    d.read().map(r -> open(key, r.title())).orElse(name),
                    d.read().map(Document.Read::mediaType),
                    d.read().map(Document.Read::language),
                    d.file().size(),
                    d.file().sha256(),
                    d.version(),
                    d.published() > 0,
                    Head.passages(d),
                    job(seen, name));
        });
    }

    private static JobView job(Seen seen, String name) {
        Document d = seen.document();
        Job job = d.job();
        Optional<Ingestion.Progress> live = job.status() == Job.Status.PENDING ? seen.progress() : Optional.empty();
        int found = d.read().map(Document.Read::passages).orElse(0);
        boolean read = job.status() == Job.Status.STAGED || job.status() == Job.Status.COMPLETED;
        return new JobView(
                job.id(),
                d.id(),
                name,
                status(job, live),
                live.map(p -> p.stage().name().toLowerCase(Locale.ROOT)),
                read ? 100 : live.map(Ingestion.Progress::percent).orElse(0),
                read ? found : live.map(Ingestion.Progress::chunksDone).orElse(0),
                read ? Optional.of(found) : live.flatMap(Ingestion.Progress::chunksTotal),
                d.file().size(),
                d.read().map(Document.Read::mediaType).or(() -> d.file().mediaType()),
                job.error(),
                job.attempt(),
                job.createdAt(),
                job.startedAt().or(seen::startedAt),
                job.endedAt());
    }

    /** To the outside a job is at work until its passages can be found. */
    private static Progress status(Job job, Optional<Ingestion.Progress> live) {
        return switch (job.status()) {
            case PENDING ->
                live.filter(p -> p.stage() != Ingestion.Stage.QUEUED).isPresent()
                        ? Progress.PROCESSING
                        : Progress.PENDING;
            case STAGED -> Progress.PROCESSING;
            case COMPLETED -> Progress.COMPLETED;
            case FAILED -> Progress.FAILED;
            case CANCELLED -> Progress.CANCELLED;
        };
    }

    private <T> CompletionStage<Outcome<T>> opened(
            Outcome<Head> outcome, String subject, BiFunction<Head, Optional<SubjectKey>, T> render) {
        return Region.then(
                CompletableFuture.completedFuture(outcome),
                head -> keys.find(subject).thenApply(key -> Outcome.done(render.apply(head, key))));
    }

    private static String open(Optional<SubjectKey> key, Sealed text) {
        return key.map(k -> k.open(text)).orElse(ERASED);
    }
}
