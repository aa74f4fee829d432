package io.kvasir.bootstrap;

import io.kvasir.identity.Identity;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Scope;
import io.kvasir.knowledgebase.KnowledgeBases;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The knowledge base of the first start: this project's own documentation, taken in like any other document. */
final class Demo {
    static final String SLUG = "demo";

    static final List<String> SUGGESTIONS = List.of(
            "How do I upload a document?",
            "What happens to an answer when the server is killed?",
            "How do I connect a language model?");

    private static final Logger LOG = LoggerFactory.getLogger("kvasir.bootstrap");
    private static final List<String> PAGES = List.of("README.md", "guide.md", "architecture.md", "operations.md");

    private Demo() {}

    /** Makes it where there is none. Completes once all pages are on their way. */
    static CompletionStage<Boolean> ensure(KnowledgeBases knowledgeBases, Identity.Owner owner) {
        return knowledgeBases
                .bySlug(SLUG)
                .thenCompose(there -> there.isPresent()
                        ? CompletableFuture.completedFuture(false)
                        : knowledgeBases
                                .create(
                                        owner.tenant(),
                                        owner.user(),
                                        "Kvasir",
                                        "Ask about this server: how to use it, run it, and how it is built.")
                                .thenCompose(made -> switch (made) {
                                    case Outcome.Done<Scope>(Scope scope) -> fill(knowledgeBases, scope);
                                    case Outcome.Refused<Scope> refused ->
                                        CompletableFuture.failedFuture(new IllegalStateException(
                                                refused.rejection().detail()));
                                }));
    }

    private static CompletionStage<Boolean> fill(KnowledgeBases knowledgeBases, Scope scope) {
        CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
        for (String page : PAGES) {
            byte[] bytes = page(page);
            all = all.thenCompose(_ -> knowledgeBases
                    .add(
                            scope,
                            new KnowledgeBases.Upload(
                                    page, Optional.of("text/markdown"), Source.single(ByteString.fromArray(bytes))))
                    .thenApply(_ -> true));
        }
        // Shared last: a half-made one is made again at the next start.
        return all.thenCompose(_ -> knowledgeBases.share(scope, Optional.of(SLUG)))
                .thenApply(_ -> {
                    LOG.info("demo knowledge base {} made", scope.knowledgeBase());
                    return true;
                });
    }

    private static byte[] page(String name) {
        try (InputStream in = Demo.class.getResourceAsStream("/demo/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the page " + name + " is not on the class path");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
