package io.kvasir.answering;

import io.kvasir.answering.Question.Exchange;
import io.kvasir.answering.Question.Style;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.Retrieval.Found;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Questions and passages for tests. */
final class Asked {
    static final Scope SCOPE = new Scope(new TenantId("t"), new KnowledgeBaseId("k"));
    static final String OWNER = "You speak for the shop.";

    private Asked() {}

    static Question question(String text, List<Exchange> history, int contextTokens) {
        return new Question(
                SCOPE,
                7,
                new Style("fake", "m", OWNER, 0.1, 300),
                new RetrievalSettings(
                        SearchMode.HYBRID,
                        5,
                        0.3,
                        100,
                        0.5,
                        RetrievalSettings.Rerank.NONE,
                        0.7,
                        200,
                        20,
                        contextTokens),
                history,
                text);
    }

    static Found found(String title, String text) {
        SourceVersion source = new SourceVersion(new SourceId("s-" + Math.abs(title.hashCode())), 1);
        return new Found(
                new Passage(
                        Passage.identity(SCOPE, source, 0),
                        source,
                        0,
                        title,
                        Optional.of("https://example.org/" + Math.abs(title.hashCode())),
                        text,
                        0,
                        text.length(),
                        Optional.of(3),
                        List.of(),
                        "en"),
                0.8,
                Map.of());
    }
}
