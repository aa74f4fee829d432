package io.kvasir.ingestion.document;

/** A document can't be read, for a reason its owner can understand. */
final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;
    private final String code;

    /** @param code stable, kebab-case */
    Unreadable(String code, String detail) {
        super(detail, null, false, false);
        this.code = code;
    }

    String code() {
        return code;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
