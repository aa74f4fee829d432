package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One thing a knowledge base learned from: a document, an FAQ entry, a page, a mail. For a document it is the document id. */
public record SourceId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public SourceId {
        Ids.require(value);
    }

    public static SourceId next() {
        return new SourceId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
