package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** One knowledge base. */
public record KnowledgeBaseId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public KnowledgeBaseId {
        Ids.require(value);
    }

    public static KnowledgeBaseId next() {
        return new KnowledgeBaseId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
