package io.kvasir.ingestion.email;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Which conversation a mail belongs to; a thread is named by the id of the oldest mail known of it. */
public final class Threads {
    private Threads() {}

    /**
     * After References (RFC 5322, 3.6.4), nearest first, else In-Reply-To, else the subject of a reply.
     *
     * @param threadOf the thread of a mail, by its id; empty where the mail is not known
     * @param threadAbout the latest thread with this bare subject among the same people; asked only where the mail looks
     *     like a reply and names no other mail
     */
    public static String of(
            Letter letter,
            Function<String, Optional<String>> threadOf,
            Function<String, Optional<String>> threadAbout) {
        List<String> before = new ArrayList<>(letter.references().reversed());
        letter.inReplyTo().filter(id -> !before.contains(id)).ifPresent(before::addFirst);
        before.remove(letter.id());
        for (String id : before) {
            Optional<String> known = threadOf.apply(id);
            if (known.isPresent()) {
                return known.get();
            }
        }
        if (!before.isEmpty()) {
            return before.getLast();
        }
        String bare = bareSubject(letter);
        boolean reply = !bare.isEmpty() && !bare.equals(plain(letter.subject()));
        return reply ? threadAbout.apply(bare).orElse(letter.id()) : letter.id();
    }

    public static String bareSubject(Letter letter) {
        return Letter.bare(letter.subject());
    }

    private static String plain(String subject) {
        return subject.strip().toLowerCase(java.util.Locale.ROOT).replaceAll("\\s+", " ");
    }
}
