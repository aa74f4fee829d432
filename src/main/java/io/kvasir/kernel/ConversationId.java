package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One conversation of an end user with a knowledge base. */
public record ConversationId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public ConversationId {
        Ids.require(value);
    }

    public static ConversationId next() {
        return new ConversationId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
