package io.kvasir.ingestion.email;

/** A mail that is put aside, for a reason its owner can understand. */
public final class UnreadableMail extends Exception {
    private static final long serialVersionUID = 1L;
    private final String code;

    /** @param code stable, kebab-case: {@code too-large}, {@code corrupt}, {@code bomb}, {@code encrypted} */
    UnreadableMail(String code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    public String code() {
        return code;
    }

    public String detail() {
        return String.valueOf(getMessage());
    }
}
