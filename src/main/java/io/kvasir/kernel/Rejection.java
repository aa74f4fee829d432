package io.kvasir.kernel;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** An expected refusal, as a value. The http room turns each kind into one problem+json status. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = Rejection.NotFound.class, name = "not-found"),
    @JsonSubTypes.Type(value = Rejection.Invalid.class, name = "invalid"),
    @JsonSubTypes.Type(value = Rejection.Conflict.class, name = "conflict"),
    @JsonSubTypes.Type(value = Rejection.TooLarge.class, name = "too-large"),
    @JsonSubTypes.Type(value = Rejection.Unsupported.class, name = "unsupported"),
    @JsonSubTypes.Type(value = Rejection.Forbidden.class, name = "forbidden"),
    @JsonSubTypes.Type(value = Rejection.Unauthenticated.class, name = "unauthenticated"),
    @JsonSubTypes.Type(value = Rejection.TooMany.class, name = "too-many"),
    @JsonSubTypes.Type(value = Rejection.LimitReached.class, name = "limit-reached"),
    @JsonSubTypes.Type(value = Rejection.Unavailable.class, name = "unavailable")
})
public sealed interface Rejection extends Wire {
    /** For the person who asked: what is wrong and, where it helps, what would be right. */
    String detail();

    /** Does not exist for this caller (404): what is not there and what is not theirs look alike. */
    record NotFound(String detail) implements Rejection {}

    /** The request breaks a rule of its shape (400); each error names the field by JSON pointer. */
    record Invalid(String detail, List<FieldError> errors) implements Rejection {
        public Invalid {
            errors = List.copyOf(errors);
        }

        public static Invalid field(String pointer, String detail) {
            return new Invalid("The request has invalid fields", List.of(new FieldError(pointer, detail)));
        }
    }

    /** Right in itself, but not in the state the thing is in (409). {@code code} is stable, in kebab-case. */
    record Conflict(String code, String detail) implements Rejection {}

    /** Larger than a limit (413). */
    record TooLarge(String detail) implements Rejection {}

    /** A media type or file kind that is not read here (415). */
    record Unsupported(String detail) implements Rejection {}

    /** Known, but not allowed (403). */
    record Forbidden(String detail) implements Rejection {}

    /** No valid credential (401). */
    record Unauthenticated(String detail) implements Rejection {}

    /** Too often (429). */
    record TooMany(String detail, Duration retryAfter) implements Rejection {}

    /**
     * The plan allows no more: 429 where waiting helps, 402 where it does not.
     *
     * @param what is limited, in kebab-case: {@code messages}
     * @param used so far, what is reserved for work under way included
     * @param wanted beside that
     * @param limit most of it
     * @param until when counting begins anew; empty where it never does by itself
     */
    record LimitReached(String what, long used, long wanted, long limit, Optional<Instant> until) implements Rejection {
        @Override
        public String detail() {
            return "The plan allows " + limit + " " + what.replace('-', ' ') + (until.isPresent() ? " a month" : "")
                    + "; " + used + " are used or reserved, " + wanted + " more would be needed"
                    + until.map(at -> ". Counting begins anew at " + at).orElse("");
        }
    }

    /** A part this needs is away (503). */
    record Unavailable(String detail, Duration retryAfter) implements Rejection {}

    /** @param pointer JSON pointer of the field, for example {@code /name} */
    record FieldError(String pointer, String detail) {}
}
