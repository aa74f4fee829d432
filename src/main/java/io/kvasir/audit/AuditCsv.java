package io.kvasir.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.commons.csv.CSVFormat;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * The record as CSV (RFC 4180, UTF-8). A cell that a spreadsheet would take for a formula begins with an apostrophe
 * (OWASP, CSV injection): names that people gave stand in here.
 */
final class AuditCsv {
    private static final CSVFormat FORMAT = CSVFormat.RFC4180;

    private AuditCsv() {}

    static Source<ByteString, NotUsed> of(Source<AuditEntry, NotUsed> entries) {
        return Source.single(line(
                        "number",
                        "at",
                        "actor",
                        "action",
                        "subject",
                        "before",
                        "after",
                        "address",
                        "userAgent",
                        "hash"))
                .concat(entries.map(AuditCsv::line));
    }

    private static ByteString line(AuditEntry entry) {
        return line(
                Long.toString(entry.number()),
                entry.at().toString(),
                entry.actor(),
                entry.action(),
                entry.subject(),
                json(entry.before()),
                json(entry.after()),
                entry.origin().flatMap(AuditEntry.Origin::address).orElse(""),
                entry.origin().flatMap(AuditEntry.Origin::userAgent).orElse(""),
                entry.hash());
    }

    private static String json(Optional<JsonNode> node) {
        return node.map(JsonNode::toString).orElse("");
    }

    private static ByteString line(String... cells) {
        StringBuilder line = new StringBuilder();
        Object[] safe = new Object[cells.length];
        for (int i = 0; i < cells.length; i++) {
            safe[i] = harmless(cells[i]);
        }
        try {
            FORMAT.printRecord(line, safe);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ByteString.fromString(line.toString());
    }

    static String harmless(String cell) {
        return !cell.isEmpty() && "=+-@\t\r\n".indexOf(cell.charAt(0)) >= 0 ? "'" + cell : cell;
    }
}
