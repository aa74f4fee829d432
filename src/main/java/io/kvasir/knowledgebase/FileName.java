package io.kvasir.knowledgebase;

import io.kvasir.http.Json;
import io.kvasir.kernel.Rejection.FieldError;

/** The name of an uploaded file, made harmless: its last path segment, without what could fool a reader or a disk. */
final class FileName {
    private static final int LONGEST = 255;

    private FileName() {}

    /** @throws Json.Refusal where nothing is left of it, or it is too long */
    static String of(String given) {
        String last = given.substring(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
        StringBuilder name = new StringBuilder();
        last.codePoints()
                .filter(c -> switch (Character.getType(c)) {
                    // Controls, invisible and direction-changing characters, halves of surrogate pairs, line breaks.
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.UNASSIGNED,
                            Character.PRIVATE_USE -> false;
                    default -> true;
                })
                .forEach(name::appendCodePoint);
        String clean = name.toString().strip();
        if (clean.isEmpty() || clean.equals(".") || clean.equals("..")) {
            throw Json.Refusal.of(new FieldError("/file", "must have a file name"));
        }
        if (clean.length() > LONGEST) {
            throw Json.Refusal.of(
                    new FieldError("/file", "must have a file name of at most " + LONGEST + " characters"));
        }
        return clean;
    }
}
