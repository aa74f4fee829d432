package io.kvasir.ingestion;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;

/** Under which names files and keys of what a knowledge base learned from are kept. */
public final class Kept {
    private Kept() {}

    /** The key that seals a source's texts and files. */
    public static String subject(Scope scope, SourceId source) {
        return subjects(scope) + source.value();
    }

    /** How the names of all such keys of a knowledge base begin. */
    public static String subjects(Scope scope) {
        return scope.tenant().value() + "/source/" + scope.knowledgeBase().value() + "/";
    }

    /** The bytes of one version as given. */
    public static BlobId file(SourceId source, long version) {
        return new BlobId(source.value() + "-" + version);
    }

    /** The text that was read from them. */
    public static BlobId text(SourceId source, long version) {
        return new BlobId(source.value() + "-" + version + "-text");
    }
}
