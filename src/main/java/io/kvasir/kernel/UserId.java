package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One person who can log in. */
public record UserId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public UserId {
        Ids.require(value);
    }

    public static UserId next() {
        return new UserId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
