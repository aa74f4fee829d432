package io.kvasir.ingestion.document;

import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import java.util.ArrayList;
import java.util.List;

/** What a model is given of a passage: its text under its title and headings, where it means more. Not thread-safe. */
final class PassageInput {
    /** Title and headings before a passage, UTF-16 units. */
    private static final int LONGEST_ABOVE = 200;
    /** A model's own marks around its input, and the few tokens by which a whole may count more than its parts. */
    private static final int SPECIAL_TOKENS = 8;

    private final Embedder embedder;
    private Above lastAbove = new Above(List.of(), "", "", 0);

    PassageInput(Embedder embedder) {
        this.embedder = embedder;
    }

    private record Above(List<String> headings, String title, String text, int tokens) {}

    String of(Passage passage) {
        return of(passage, embedder.countTokens(passage.text()));
    }

    /** @param tokens of the passage's text */
    String of(Passage passage, int tokens) {
        return above(passage, embedder.maxTokens() - SPECIAL_TOKENS - tokens) + passage.text();
    }

    /** Counted once a section. */
    private String above(Passage passage, int room) {
        if (!passage.headings().equals(lastAbove.headings()) || !passage.title().equals(lastAbove.title())) {
            String text = above(passage);
            lastAbove = new Above(passage.headings(), passage.title(), text, embedder.countTokens(text));
        }
        if (lastAbove.tokens() <= room) {
            return lastAbove.text();
        }
        String text = lastAbove.text();
        while (!text.isEmpty() && embedder.countTokens(text) > room) {
            text = text.length() < 8 ? "" : Cut.to(text, text.length() * 3 / 4);
        }
        return text.isEmpty() || text.endsWith("\n") ? text : text + '\n';
    }

    private static String above(Passage passage) {
        List<String> lines = new ArrayList<>(passage.headings());
        if (lines.isEmpty() || !lines.getFirst().equals(passage.title())) {
            lines.addFirst(passage.title());
        }
        StringBuilder above = new StringBuilder();
        int room = LONGEST_ABOVE;
        for (String line : lines) {
            if (room > 0) {
                String cut = Cut.to(line, room);
                room -= cut.length();
                above.append(cut).append('\n');
            }
        }
        return above.toString();
    }
}
