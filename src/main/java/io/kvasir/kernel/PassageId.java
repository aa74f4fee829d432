package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One passage: derived from (knowledge base, source, version, ordinal), so that indexing twice writes the same point. */
public record PassageId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public PassageId {
        Ids.require(value);
    }

    public static PassageId next() {
        return new PassageId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
