package io.kvasir.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Optional;

/**
 * One line of the record.
 *
 * @param number from 1, without gaps in one tenant
 * @param actor {@code user/<id>}, or {@code nobody} where nobody was signed in
 * @param subject what it was done to: {@code knowledge-bases/<id>}
 * @param before what it was like; absent where there was none, or it was erased since
 * @param origin absent where it was erased since
 * @param hash of this line and, through the one before, of all before it; lower-case hexadecimal
 */
public record AuditEntry(
        long number,
        Instant at,
        String actor,
        String action,
        String subject,
        Optional<JsonNode> before,
        Optional<JsonNode> after,
        Optional<Origin> origin,
        String hash) {

    /** From where. @param address numeric; @param userAgent as the client said, cut at 300 characters */
    public record Origin(Optional<String> address, Optional<String> userAgent) {
        public static final Origin NOWHERE = new Origin(Optional.empty(), Optional.empty());

        public Origin {
            userAgent = userAgent.map(u -> u.length() > 300 ? u.substring(0, 300) : u);
        }
    }
}
