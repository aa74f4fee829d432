package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Kept;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.knowledgebase.domain.Version;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Names of what belongs to a knowledge base elsewhere (files, keys, passages), and its settings in the words of retrieval. */
final class Sources {
    private Sources() {}

    static String ownSubject(Scope scope) {
        return scope.tenant().value() + "/kb/" + scope.knowledgeBase().value();
    }

    static String subject(Scope scope, SourceId source) {
        return Kept.subject(scope, source);
    }

    static BlobId file(SourceId source, long version) {
        return Kept.file(source, version);
    }

    /** What was uploaded for a new document: once more where nobody heard what came of it, in place of the first. */
    static BlobId firstFile(SourceId document) {
        return Kept.file(document, 0);
    }

    /** A name no other upload has, so that two at once do not write over each other. */
    static BlobId newFile() {
        return new BlobId(Ids.next());
    }

    static BlobId text(SourceId source, long version) {
        return Kept.text(source, version);
    }

    static SourceVersion version(Version version) {
        return new SourceVersion(version.source(), version.version());
    }

    static VectorSpace space(Embedding embedding) {
        return new VectorSpace(embedding.model(), embedding.dimensions());
    }

    static Embedding embedding(VectorSpace space) {
        return new Embedding(space.model(), space.dimensions());
    }

    static List<Version> versions(List<SourceVersion> versions) {
        return versions.stream().map(v -> new Version(v.source(), v.version())).toList();
    }

    static Ingestion.Task task(Scope scope, Document document, String fileName, SearchSettings search) {
        return new Ingestion.Task(
                scope,
                version(document.wanted()),
                document.blob(),
                document.file().size(),
                text(document.id(), document.version()),
                subject(scope, document.id()),
                fileName,
                document.file().mediaType(),
                Optional.empty(),
                retrieval(search));
    }

    static RetrievalSettings retrieval(SearchSettings s) {
        return new RetrievalSettings(
                SearchMode.valueOf(s.mode().toUpperCase(Locale.ROOT)),
                s.maxResults(),
                s.threshold(),
                s.candidates(),
                s.denseWeight(),
                RetrievalSettings.Rerank.valueOf(s.rerank().toUpperCase(Locale.ROOT)),
                s.mmrLambda(),
                s.chunkTokens(),
                s.chunkOverlapTokens(),
                s.contextTokens());
    }

    static SearchSettings search(RetrievalSettings r) {
        return new SearchSettings(
                r.mode().name().toLowerCase(Locale.ROOT),
                r.maxResults(),
                r.threshold(),
                r.candidates(),
                r.denseWeight(),
                r.rerank().name().toLowerCase(Locale.ROOT),
                r.mmrLambda(),
                r.chunkTokens(),
                r.chunkOverlapTokens(),
                r.contextTokens());
    }
}
