package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One stored file of a source: its original bytes, or the text read from it. */
public record BlobId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public BlobId {
        Ids.require(value);
    }

    public static BlobId next() {
        return new BlobId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
