package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Sealed;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.UniqueKillSwitch;

/** The reply being given: its growing text, held once. Lives in its conversation's actor and is touched by nothing else. */
final class LiveReply {
    private final AnswerInbox inbox;
    private final SubjectKey key;
    private final UniqueKillSwitch stream;
    private final int longest;
    private final StringBuilder text = new StringBuilder();
    private final Optional<ReplyTails> tails;
    private Optional<Sources> sources = Optional.empty();
    private boolean sourcesStored;
    /** How much of it readers may see, where it is kept first; and whether more is on its way there. */
    private int kept;

    private int pieces;
    private boolean sourcesKept;
    private boolean keeping;
    private int stored;
    private Optional<AnswerEvent> last = Optional.empty();
    private Optional<Ending> ending = Optional.empty();

    /**
     * @param longest UTF-16 units; what comes beyond is not taken
     * @param tails where what it gains is kept before it is shown; empty: it is shown at once
     */
    LiveReply(AnswerInbox inbox, SubjectKey key, UniqueKillSwitch stream, int longest, Optional<ReplyTails> tails) {
        this.tails = tails;
        this.inbox = inbox;
        this.key = key;
        this.stream = stream;
        this.longest = longest;
    }

    int turn() {
        return inbox.turn();
    }

    AnswerInbox inbox() {
        return inbox;
    }

    boolean reads(AnswerInbox other) {
        return inbox == other;
    }

    boolean over() {
        return ending.isPresent();
    }

    /** How the answer ended, if it did. */
    Optional<AnswerEvent> last() {
        return last;
    }

    void take(AnswerInbox.Batch batch) {
        last = batch.last();
        batch.retrieved().ifPresent(r -> sources = Optional.of(new Sources(r.citations(), r.tookMs())));
        int room = longest - text.length();
        if (batch.text().length() <= room) {
            text.append(batch.text());
        } else if (room > 0) {
            int end = Character.isHighSurrogate(batch.text().charAt(room - 1)) ? room - 1 : room;
            text.append(batch.text(), 0, end);
        }
    }

    boolean full() {
        return text.length() >= longest - 1;
    }

    boolean unstored() {
        return text.length() > stored;
    }

    /** What was not stored yet, sealed; from now on it counts as stored. */
    Progress store() {
        Optional<Sealed> more = unstored() ? Optional.of(key.seal(text.substring(stored))) : Optional.empty();
        stored = text.length();
        Optional<Sources> fresh = sourcesStored ? Optional.empty() : sources;
        sourcesStored |= fresh.isPresent();
        return new Progress(
                more,
                fresh.map(s -> key.seal(Json.write(s))),
                fresh.map(Sources::passages).orElse(List.<PassageId>of()));
    }

    /** So much the journal has, whatever was thought to be stored. */
    void storedAs(Turn turn) {
        stored = Math.min(
                text.length(),
                turn.said().stream().mapToInt(piece -> key.open(piece).length()).sum());
        sourcesStored = turn.sources().isPresent();
    }

    void end(Ending how) {
        ending = Optional.of(how);
    }

    void cancel() {
        stream.shutdown();
    }

    /** As far as readers may see it. */
    String text() {
        return all() ? text.toString() : text.substring(0, kept);
    }

    private boolean all() {
        return tails.isEmpty() || ending.isPresent();
    }

    /** Has what is new kept, one piece at a time. @return completes when it is; empty where there is nothing to keep now */
    Optional<CompletionStage<Boolean>> keep(String conversation) {
        boolean fresh = sources.isPresent() && !sourcesKept;
        if (all() || keeping || text.length() == kept && !fresh) {
            return Optional.empty();
        }
        keeping = true;
        int to = text.length();
        return tails.map(t -> t.keep(
                conversation,
                turn(),
                pieces++,
                kept,
                text.substring(kept, to),
                fresh ? sources : Optional.empty(),
                key));
    }

    /** So much is kept. */
    void kept(int to, boolean withSources) {
        keeping = false;
        kept = to;
        sourcesKept |= withSources;
    }

    boolean sourced() {
        return sources.isPresent();
    }

    int length() {
        return text.length();
    }

    /** What a reader at this place has not seen; empty where it has seen all. */
    Optional<Heard> after(Position at, ActorRef<ConversationEntity.Command> entity) {
        Optional<Sources> news = at.sourced() || !(all() || sourcesKept) ? Optional.empty() : sources;
        int length = all() ? text.length() : kept;
        int from = at.start(text);
        boolean nothing = at.offset() >= 0 && news.isEmpty() && from >= length && ending.isEmpty();
        if (nothing) {
            return Optional.empty();
        }
        int to = Math.max(from, Math.min(length, Position.end(text, from, Heard.LARGEST_PIECE)));
        return Optional.of(new Heard.Live(
                turn(),
                at.offset() < 0,
                news,
                from,
                text.substring(from, to),
                ending.filter(_ -> to == text.length()),
                entity));
    }
}
