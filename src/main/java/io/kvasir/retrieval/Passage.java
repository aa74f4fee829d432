package io.kvasir.retrieval;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A slice of a source, as found and cited.
 *
 * @param ordinal position among the passages of this source version, from 0
 * @param text the passage as a reader sees it
 * @param start offset of the passage in the text read from the source, UTF-16 code units
 * @param end offset after the passage, exclusive
 * @param page page, slide or sheet it starts on, from 1
 * @param headings the headings above it, outermost first
 * @param language ISO 639-1 code, or {@code und}
 */
public record Passage(
        PassageId id,
        SourceVersion source,
        int ordinal,
        String title,
        Optional<String> url,
        String text,
        int start,
        int end,
        Optional<Integer> page,
        List<String> headings,
        String language) {
    public Passage {
        headings = List.copyOf(headings);
    }

    /** The same for the same place in the same source version, whenever and wherever it is computed (SHA-256, first 128 bits). */
    public static PassageId identity(Scope scope, SourceVersion source, int ordinal) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256")
                    .digest((scope.key() + "/" + source.key() + "/" + ordinal).getBytes(StandardCharsets.UTF_8));
            return new PassageId(HexFormat.of().formatHex(digest, 0, 16));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
