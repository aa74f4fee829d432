package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** Whose it is: the customer that owns knowledge bases, users and conversations. */
public record TenantId(@JsonValue String value) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public TenantId {
        Ids.require(value);
    }

    public static TenantId next() {
        return new TenantId(Ids.next());
    }

    @Override
    public String toString() {
        return value;
    }
}
