package io.kvasir.conversation.domain;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Sealed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One question and its reply.
 *
 * @param number from 1
 * @param revision of the knowledge base that was asked
 * @param said pieces of the reply as stored so far, in order
 * @param sources the citations, where there were any
 * @param passages what was put before the model, best first
 * @param ending empty while the reply is being given
 */
public record Turn(
        int number,
        Sealed question,
        long revision,
        Instant askedAt,
        List<Sealed> said,
        Optional<Sealed> sources,
        List<PassageId> passages,
        Optional<Ending> ending,
        Optional<Feedback> feedback) {
    /** Bytes of names, numbers and times around its texts. */
    private static final int AROUND = 700;

    /** Bytes of the names around one sealed text. */
    private static final int AROUND_SEALED = 30;

    public Turn {
        said = List.copyOf(said);
        passages = List.copyOf(passages);
    }

    public enum Status {
        RUNNING,
        COMPLETED,
        FAILED,
        STOPPED
    }

    public enum Rating {
        UP,
        DOWN
    }

    /** What a reader thought of the reply; the last word counts. */
    public record Feedback(Rating rating, Optional<Sealed> comment, Instant at) {}

    public Status status() {
        return ending.map(Ending::status).orElse(Status.RUNNING);
    }

    /** About how much it is as a message between servers: never less than that. */
    public int bytes() {
        return AROUND
                + size(question)
                + said.stream().mapToInt(Turn::size).sum()
                + sources.map(Turn::size).orElse(0)
                + passages.stream().mapToInt(id -> id.value().length() + 2).sum()
                + ending.map(Ending::bytes).orElse(0)
                + feedback.flatMap(Feedback::comment).map(Turn::size).orElse(0);
    }

    private static int size(Sealed text) {
        return AROUND_SEALED + text.subject().length() + text.bytes().length;
    }

    /** Without its reply, for who has that already. */
    public Turn unsaid() {
        return new Turn(number, question, revision, askedAt, List.of(), sources, passages, ending, feedback);
    }

    static Turn asked(ConversationEvent.TurnStarted e) {
        return new Turn(
                e.turn(),
                e.question(),
                e.revision(),
                e.at(),
                List.of(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    Turn grown(Progress progress) {
        List<Sealed> more = new ArrayList<>(said);
        progress.text().ifPresent(more::add);
        return new Turn(
                number,
                question,
                revision,
                askedAt,
                more,
                progress.sources().or(() -> sources),
                progress.sources().isPresent() ? progress.passages() : passages,
                ending,
                feedback);
    }

    Turn ended(Progress progress, Ending how) {
        Turn t = grown(progress);
        return new Turn(number, question, revision, askedAt, t.said, t.sources, t.passages, Optional.of(how), feedback);
    }

    Turn rated(Feedback given) {
        return new Turn(number, question, revision, askedAt, said, sources, passages, ending, Optional.of(given));
    }
}
