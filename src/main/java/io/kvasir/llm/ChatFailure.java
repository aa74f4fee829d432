package io.kvasir.llm;

/** A provider did not deliver. The message is fit for a tenant's eyes: no key, no address, no stack. */
public final class ChatFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What went wrong, and so whether asking again or elsewhere may help. */
    public enum Kind {
        /** Refused the connection, or a 5xx. */
        UNAVAILABLE,
        TIMEOUT,
        RATE_LIMITED,
        /** Our key or request was refused: asking again does not help. */
        REJECTED,
        /** An answer that is not of the protocol. */
        GARBAGE,
        /** The stream ended before the provider said it was finished. */
        CUT_OFF
    }

    private final Kind kind;

    public ChatFailure(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
