package io.kvasir.conversation;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.ConversationEntity.Command;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.PassageId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.jspecify.annotations.Nullable;

/**
 * The reply being given: its growing text, held once. The stream that answers writes it, readers on this server take
 * from it, and its conversation minds it: it is told only where there is something to store or to decide. So a word goes
 * from who says it to who reads it in one step, and what is said while a reader is busy is taken together. Thread-safe.
 */
final class LiveReply {
    private static final int ALL = Integer.MAX_VALUE;

    private final int turn;
    private final ActorRef<Command> entity;
    private final SubjectKey key;
    private final int longest;
    private final Optional<ReplyTails> tails;
    private final StringBuilder text = new StringBuilder();
    /** One question per reader: so it costs one entry, however slow it is. */
    private final Map<ActorRef<Heard>, Wait> waiting = new HashMap<>(4);

    private @Nullable UniqueKillSwitch stream;
    private Optional<Sources> sources = Optional.empty();
    private boolean sourcesStored;
    /** How much of it readers may see, where it is kept first. */
    private int kept;

    /** How much of that is surely there: less, while the database is away. What is not goes again, with the next piece. */
    private int safe;

    /** How much of it the turn ends with, once that is being stored: nobody sees more, unless it goes on after all. */
    private int most = ALL;

    private int pieces;
    private boolean sourcesKept;
    private boolean sourcesSafe;
    private boolean keeping;
    private int stored;
    private Optional<AnswerEvent> last = Optional.empty();
    private Optional<Ending> ending = Optional.empty();
    private boolean cancelled;
    /** The conversation was told that there is something, and has not looked since. */
    private boolean told;
    /** It knows that there is something to store, and will come to it by itself. */
    private boolean minded;

    /** @param near whether it takes from here by itself */
    private record Wait(Position after, boolean near) {}

    private record Told(ActorRef<Heard> reader, Heard news) {}

    /**
     * @param longest UTF-16 units; what comes beyond is not taken
     * @param tails where what it gains is kept before it is shown; empty: it is shown at once
     */
    LiveReply(int turn, ActorRef<Command> entity, SubjectKey key, int longest, Optional<ReplyTails> tails) {
        this.turn = turn;
        this.entity = entity;
        this.key = key;
        this.longest = longest;
        this.tails = tails;
    }

    int turn() {
        return turn;
    }

    ActorRef<Command> entity() {
        return entity;
    }

    // for the stream that answers

    /** The stream that answers was begun. */
    synchronized void begun(UniqueKillSwitch answering) {
        stream = answering;
    }

    void put(AnswerEvent event) {
        boolean tell;
        List<Told> news;
        synchronized (this) {
            if (last.isPresent() || cancelled || full() || over()) {
                return;
            }
            switch (event) {
                case AnswerEvent.Retrieved r -> sources = Optional.of(new Sources(r.citations(), r.tookMs()));
                case AnswerEvent.Text t -> append(t.text());
                case AnswerEvent.Finished f -> last = Optional.of(f);
                case AnswerEvent.Failed f -> last = Optional.of(f);
            }
            tell = !told && concernsTheConversation();
            told |= tell;
            news = news();
        }
        tell(news);
        if (tell) {
            entity.tell(new ConversationEntity.Poke(this));
        }
    }

    private void append(String more) {
        int room = longest - text.length();
        if (more.length() <= room) {
            text.append(more);
        } else if (room > 0) {
            int end = Character.isHighSurrogate(more.charAt(room - 1)) ? room - 1 : room;
            text.append(more, 0, end);
        }
    }

    private boolean concernsTheConversation() {
        return last.isPresent() || full() || tails.isPresent() && !keeping || unstored() && !minded;
    }

    // for the conversation

    synchronized boolean over() {
        return ending.isPresent();
    }

    /** The conversation looks now: it is told of what comes later. */
    synchronized void looked() {
        told = false;
    }

    /** The conversation will store what there is, in its time. */
    synchronized void minded() {
        minded = true;
    }

    /** How the answer ended, if it did. */
    synchronized Optional<AnswerEvent> last() {
        return last;
    }

    synchronized boolean full() {
        return text.length() >= longest - 1;
    }

    synchronized boolean unstored() {
        return text.length() > stored;
    }

    /** What was not stored yet, sealed; from now on it counts as stored. */
    Progress store() {
        return store(false);
    }

    /** The same, with which the turn ends: what is said from now on is not seen. */
    Progress storeLast() {
        return store(true);
    }

    private Progress store(boolean ends) {
        Optional<String> more;
        Optional<Sources> fresh;
        synchronized (this) {
            most = ends ? Math.min(most, text.length()) : most;
            int to = said();
            more = to > stored ? Optional.of(text.substring(stored, to)) : Optional.empty();
            stored = to;
            minded = false;
            fresh = sourcesStored ? Optional.empty() : sources;
            sourcesStored |= fresh.isPresent();
        }
        return new Progress(
                more.map(key::seal),
                fresh.map(s -> key.seal(Json.write(s))),
                fresh.map(Sources::passages).orElse(List.<PassageId>of()));
    }

    /** So much the journal has, whatever was thought to be stored; the turn goes on. */
    void storedAs(Turn known) {
        int length = known.said().stream()
                .mapToInt(piece -> key.open(piece).length())
                .sum();
        List<Told> news;
        synchronized (this) {
            stored = Math.min(text.length(), length);
            sourcesStored = known.sources().isPresent();
            minded = false;
            most = ALL;
            news = news();
        }
        tell(news);
    }

    void end(Ending how) {
        List<Told> news;
        synchronized (this) {
            ending = Optional.of(how);
            text.setLength(said());
            news = news();
        }
        tell(news);
    }

    /** Nobody minds it any more: what is still said is not taken. */
    void cancel() {
        UniqueKillSwitch answering;
        synchronized (this) {
            cancelled = true;
            answering = stream;
        }
        if (answering != null) {
            answering.shutdown();
        }
    }

    /** As far as readers may see it. */
    synchronized String text() {
        return text.substring(0, seen());
    }

    private boolean all() {
        return tails.isEmpty() || ending.isPresent();
    }

    /** A piece that is on its way to where it is kept. */
    record Keeping(int to, boolean withSources, CompletionStage<Boolean> done) {}

    /** Has what is new kept, one piece at a time. Empty where there is nothing to keep now. */
    Optional<Keeping> keep(String conversation) {
        int from;
        int to;
        int ordinal;
        String more;
        Optional<Sources> fresh;
        synchronized (this) {
            boolean news = said() > kept || !sourcesKept && sources.isPresent();
            if (all() || keeping || !news) {
                return Optional.empty();
            }
            keeping = true;
            fresh = sourcesSafe ? Optional.empty() : sources;
            from = safe;
            to = said();
            ordinal = pieces++;
            more = text.substring(from, to);
        }
        return tails.map(
                t -> new Keeping(to, fresh.isPresent(), t.keep(conversation, turn, ordinal, from, more, fresh, key)));
    }

    /** So much may be seen. @param safely whether it is kept indeed */
    void kept(int to, boolean withSources, boolean safely) {
        List<Told> news;
        synchronized (this) {
            keeping = false;
            kept = to;
            sourcesKept |= withSources;
            if (safely) {
                safe = to;
                sourcesSafe |= withSources;
            }
            news = news();
        }
        tell(news);
    }

    // for readers

    /** For one elsewhere: it is told once there is something after this place. @return whether there is already */
    boolean ask(Position after, ActorRef<Heard> reader) {
        Optional<Heard.Live> there = wait(after, reader, false);
        there.ifPresent(reader::tell);
        return there.isPresent();
    }

    /** For one on this server. Where there is nothing after this place, it hears {@link Heard.Near} once there is. */
    Optional<Heard.Live> take(Position after, ActorRef<Heard> reader) {
        return wait(after, reader, true);
    }

    private synchronized Optional<Heard.Live> wait(Position after, ActorRef<Heard> reader, boolean near) {
        Optional<Heard.Live> there = after(after);
        if (there.isPresent()) {
            waiting.remove(reader);
        } else {
            waiting.put(reader, new Wait(after, near));
        }
        return there;
    }

    synchronized void leave(ActorRef<Heard> reader) {
        waiting.remove(reader);
    }

    /** For those for whom there is something now. */
    private List<Told> news() {
        if (waiting.isEmpty()) {
            return List.of();
        }
        List<Told> all = new ArrayList<>(waiting.size());
        for (Iterator<Map.Entry<ActorRef<Heard>, Wait>> each =
                        waiting.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<ActorRef<Heard>, Wait> one = each.next();
            Optional<? extends Heard> news = one.getValue().near()
                    ? has(one.getValue().after()) ? Optional.of(new Heard.Near(this)) : Optional.empty()
                    : after(one.getValue().after());
            if (news.isPresent()) {
                each.remove();
                all.add(new Told(one.getKey(), news.get()));
            }
        }
        return all;
    }

    /** Not while this is held: who is told comes to take. */
    private static void tell(List<Told> news) {
        for (Told one : news) {
            one.reader().tell(one.news());
        }
    }

    private boolean has(Position at) {
        return at.offset() < 0
                || ending.isPresent()
                || seen() > at.start(text)
                || fresh(at).isPresent();
    }

    private int said() {
        return Math.min(text.length(), most);
    }

    private int seen() {
        return all() ? said() : kept;
    }

    private Optional<Sources> fresh(Position at) {
        boolean late = most != ALL && !sourcesStored; // came after what the turn ends with
        return at.sourced() || late || !(all() || sourcesKept) ? Optional.empty() : sources;
    }

    /** What a reader at this place has not seen; empty where it has seen all. */
    private Optional<Heard.Live> after(Position at) {
        if (!has(at)) {
            return Optional.empty();
        }
        int from = at.start(text);
        int to = Math.max(from, Math.min(seen(), Position.end(text, from, Heard.LARGEST_PIECE)));
        return Optional.of(new Heard.Live(
                turn,
                at.offset() < 0,
                fresh(at),
                from,
                text.substring(from, to),
                ending.filter(_ -> to == text.length()),
                entity));
    }
}
