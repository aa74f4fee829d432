package io.kvasir.ingestion.faq;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Json;
import io.kvasir.kernel.Rejection.FieldError;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** A question with its answer as somebody wants it, not yet checked. */
record FaqDraft(String question, String answer, Optional<JsonNode> metadata, Optional<String> language) {
    private static final int LONGEST_QUESTION = 2_000;
    private static final int LONGEST_ANSWER = 20_000;
    private static final int LONGEST_METADATA = 10_000;
    private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}");
    private static final Pattern NO_WORD = Pattern.compile("[^\\p{L}\\p{N}\\p{M}]+");

    FaqDraft {
        question = question.strip();
        answer = answer.strip();
        language = language.map(String::strip).filter(word -> !word.isEmpty());
    }

    /** What is wrong with it. @param at JSON pointer of the whole */
    List<FieldError> errors(String at) {
        List<FieldError> errors = new ArrayList<>();
        length(errors, at + "/question", question, LONGEST_QUESTION);
        length(errors, at + "/answer", answer, LONGEST_ANSWER);
        if (!question.isEmpty() && normal(question).isEmpty()) {
            errors.add(new FieldError(at + "/question", "must have letters or digits"));
        }
        metadata.ifPresent(json -> {
            if (!json.isObject()) {
                errors.add(new FieldError(at + "/metadata", "must be an object"));
            } else if (json.toString().length() > LONGEST_METADATA) {
                errors.add(new FieldError(
                        at + "/metadata", "must have at most " + LONGEST_METADATA + " characters as JSON"));
            }
        });
        if (language.filter(
                        word -> word.length() > 35 || !LANGUAGE.matcher(word).matches())
                .isPresent()) {
            errors.add(new FieldError(at + "/language", "must be a language tag such as en or pt-BR"));
        }
        return errors;
    }

    private static void length(List<FieldError> errors, String at, String text, int most) {
        if (text.isEmpty() || text.length() > most) {
            errors.add(new FieldError(at, "must have 1 to " + most + " characters"));
        } else if (text.indexOf('\u0000') >= 0) {
            errors.add(new FieldError(at, "must not hold NUL characters"));
        }
    }

    /** @throws Json.Refusal where something is wrong with it */
    FaqDraft checked() {
        List<FieldError> errors = errors("");
        if (!errors.isEmpty()) {
            throw Json.Refusal.of(errors.toArray(FieldError[]::new));
        }
        return this;
    }

    /** Without case, accents of typing, punctuation and spacing: what is the same here is the same question. */
    static String normal(String question) {
        return NO_WORD.matcher(
                        Normalizer.normalize(question, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT))
                .replaceAll(" ")
                .strip();
    }

    /** @param list of which the question is one: the same question in another list has another hash */
    static String asked(String list, String question) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256")
                            .digest((list + "\n" + normal(question)).getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
