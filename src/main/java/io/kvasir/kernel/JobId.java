package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One run of ingestion over one version of a source. */
public record JobId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public JobId {
        Ids.require(value);
    }

    public static JobId next() {
        return new JobId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
