package io.kvasir.ingestion.mailbox;

/** A mailbox can't be read now, with the reason for its owner; never with a secret in it. */
final class MailFault extends Exception {
    private static final long serialVersionUID = 1L;
    private final String code;
    private final boolean lasting;

    private MailFault(String code, String detail, boolean lasting) {
        super(detail, null, false, false);
        this.code = code;
        this.lasting = lasting;
    }

    /** @param code stable, kebab-case */
    static MailFault passing(String code, String detail) {
        return new MailFault(code, detail, false);
    }

    /** Trying again changes nothing until somebody does something. */
    static MailFault lasting(String code, String detail) {
        return new MailFault(code, detail, true);
    }

    String code() {
        return code;
    }

    String detail() {
        return String.valueOf(getMessage());
    }

    boolean lasting() {
        return lasting;
    }
}
