package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.SourceId;

/** The bytes of a document that were replaced, or whose document is gone. */
public record OldFile(SourceId source, BlobId blob) {
    static OldFile of(Document document) {
        return new OldFile(document.id(), document.blob());
    }
}
