package io.kvasir.mail;

/**
 * A short plain-text mail to one person.
 *
 * @param to one address, without a name
 */
public record Mail(String to, String subject, String text) {
    @Override
    public String toString() {
        // The text may carry a token.
        return "Mail[" + subject + "]";
    }
}
