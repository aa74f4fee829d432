package io.kvasir.retrieval;

import io.kvasir.kernel.SourceId;

/** One version of one source; replacing a document makes the next version. @param version from 1 */
public record SourceVersion(SourceId source, long version) {
    public String key() {
        return source.value() + "@" + version;
    }
}
