package io.kvasir.ingestion.source;

/** A source can't be read at all, with the reason for its owner. */
public final class SourceFault extends Exception {
    private static final long serialVersionUID = 1L;
    private final String code;
    private final boolean lasting;

    private SourceFault(String code, String detail, boolean lasting) {
        super(detail, null, false, false);
        this.code = code;
        this.lasting = lasting;
    }

    /** May pass: it is tried again by itself, ever more seldom. @param code stable, kebab-case */
    public static SourceFault passing(String code, String detail) {
        return new SourceFault(code, detail, false);
    }

    /** Will not pass by itself: the source pauses until somebody changes it or asks again. */
    public static SourceFault lasting(String code, String detail) {
        return new SourceFault(code, detail, true);
    }

    public String code() {
        return code;
    }

    public String detail() {
        return String.valueOf(getMessage());
    }

    public boolean lasting() {
        return lasting;
    }
}
