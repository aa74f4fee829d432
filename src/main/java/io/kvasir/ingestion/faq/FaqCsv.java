package io.kvasir.ingestion.faq;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.kernel.Rejection.FieldError;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Questions as CSV (RFC 4180, UTF-8): columns {@code question} and {@code answer}, and {@code language} and {@code metadata}
 * (JSON) where wanted, in any order. A cell that a spreadsheet would run as a formula gets an apostrophe on its way out,
 * and loses it on its way in.
 */
final class FaqCsv {
    private static final int MOST_ERRORS = 100;
    private static final CSVFormat FORMAT = CSVFormat.RFC4180
            .builder()
            .setHeader()
            .setSkipHeaderRecord(true)
            .setIgnoreHeaderCase(true)
            .setTrim(true)
            .setIgnoreEmptyLines(true)
            .setAllowMissingColumnNames(true)
            .get();

    private FaqCsv() {}

    /** What a file holds, or what is wrong with it line by line: then nothing of it counts. */
    record Parsed(List<FaqDraft> drafts, List<FieldError> errors) {}

    static Parsed parse(byte[] bytes) {
        List<FaqDraft> drafts = new ArrayList<>();
        List<FieldError> errors = new ArrayList<>();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return new Parsed(List.of(), List.of(new FieldError("/file", "must be UTF-8")));
        }
        if (text.startsWith("\uFEFF")) {
            text = text.substring(1);
        }
        try (CSVParser parser = CSVParser.parse(new StringReader(text), FORMAT)) {
            List<String> names = parser.getHeaderNames().stream()
                    .map(name -> name.toLowerCase(Locale.ROOT))
                    .toList();
            for (String needed : List.of("question", "answer")) {
                if (!names.contains(needed)) {
                    errors.add(new FieldError("/lines/1", "must name the column " + needed));
                }
            }
            if (!errors.isEmpty()) {
                return new Parsed(List.of(), errors);
            }
            for (CSVRecord record : parser) {
                if (errors.size() >= MOST_ERRORS) {
                    break;
                }
                draft(record, names.size(), drafts, errors);
            }
        } catch (UncheckedIOException | IOException | IllegalArgumentException e) {
            Throwable cause = e instanceof UncheckedIOException wrapped ? wrapped.getCause() : e;
            errors.add(new FieldError(
                    "/file",
                    cause instanceof CSVException || cause instanceof IllegalArgumentException
                            ? "is not well-formed CSV: " + cause.getMessage()
                            : "can't be read as CSV"));
        }
        return new Parsed(errors.isEmpty() ? drafts : List.of(), errors);
    }

    private static void draft(CSVRecord record, int columns, List<FaqDraft> drafts, List<FieldError> errors) {
        // The header is the first line; a quoted cell may hold line ends, so lines are counted as records.
        String at = "/lines/" + (record.getRecordNumber() + 1);
        if (record.size() > columns) {
            errors.add(new FieldError(at, "has more cells than the header"));
            return;
        }
        Optional<JsonNode> metadata = Optional.empty();
        String json = cell(record, "metadata");
        if (!json.isEmpty()) {
            try {
                metadata = Optional.of(Json.MAPPER.readTree(json));
            } catch (JsonProcessingException e) {
                errors.add(new FieldError(at + "/metadata", "must be JSON"));
                return;
            }
        }
        FaqDraft draft = new FaqDraft(
                cell(record, "question"), cell(record, "answer"), metadata, Optional.of(cell(record, "language")));
        List<FieldError> wrong = draft.errors(at);
        if (wrong.isEmpty()) {
            drafts.add(draft);
        } else {
            errors.addAll(wrong);
        }
    }

    private static String cell(CSVRecord record, String name) {
        if (!record.isMapped(name) || !record.isSet(name)) {
            return "";
        }
        String text = record.get(name);
        return text.length() > 1 && text.charAt(0) == '\'' && formula(text.charAt(1)) ? text.substring(1) : text;
    }

    static String header() {
        return "question,answer,language,metadata\r\n";
    }

    static String line(FaqEntry entry) {
        return quoted(entry.question()) + ","
                + quoted(entry.answer()) + ","
                + quoted(entry.language().orElse("")) + ","
                + quoted(entry.metadata().map(JsonNode::toString).orElse("")) + "\r\n";
    }

    private static String quoted(String text) {
        String safe = !text.isEmpty() && formula(text.charAt(0)) ? "'" + text : text;
        return '"' + safe.replace("\"", "\"\"") + '"';
    }

    private static boolean formula(char c) {
        return "=+-@\t\r".indexOf(c) >= 0;
    }
}
