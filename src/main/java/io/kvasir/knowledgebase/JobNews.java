package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Stage;
import io.kvasir.kernel.JobId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.WatchJobs;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What jobs are doing right now, and who waits to hear of it. Each job remembers when it last changed, so a reader gets
 * the newest state of all that changed since it last heard, however slow it is, and costs one entry.
 */
final class JobNews {
    /**
     * Bytes of documents in one piece of news, beyond the first: it may go to another server, and what is larger than a
     * frame there ({@code pekko.remote.artery.advanced.maximum-frame-size}) would be lost on its way.
     */
    static final int LARGEST = 256 * 1024;

    /** About how many bytes of a document on its way are none of its texts. */
    private static final int NO_TEXT = 900;

    /** One position runs through one life of the entity; after a restart everything is news. */
    private final String life;

    private long sequence;
    private final Map<JobId, Progress> progress = new HashMap<>();
    private final Map<JobId, Instant> started = new HashMap<>();
    /** All jobs, in the order in which they changed last. */
    private final LinkedHashMap<JobId, Change> changed = new LinkedHashMap<>();

    private final Map<ActorRef<News>, WatchJobs> waiting = new HashMap<>();

    private Optional<News.OfEmbedding> embedding = Optional.empty();
    private long embeddingChanged;

    /** @param place no other change has it */
    private record Change(long place, Document document) {}

    JobNews(String life) {
        this.life = life;
    }

    void progressed(JobId job, Progress news, Instant now) {
        if (news.stage() != Stage.QUEUED) {
            started.putIfAbsent(job, now);
        }
        progress.put(job, news);
        Change before = changed.get(job);
        if (before != null) {
            changed.putLast(job, new Change(++sequence, before.document()));
        }
    }

    Optional<Instant> startedAt(JobId job) {
        return Optional.ofNullable(started.get(job));
    }

    Seen seen(Document document) {
        JobId job = document.job().id();
        return new Seen(document, Optional.ofNullable(progress.get(job)), startedAt(job));
    }

    List<Seen> seen(List<Document> documents) {
        return documents.stream().map(this::seen).toList();
    }

    /** Looks what became of the jobs. */
    void follow(KnowledgeBase state) {
        Set<JobId> now = new HashSet<>();
        for (Document document : state.documents()) {
            JobId job = document.job().id();
            now.add(job);
            Change before = changed.get(job);
            if (before != null && before.document().job().equals(document.job())) {
                changed.put(job, new Change(before.place(), document));
            } else {
                changed.putLast(job, new Change(++sequence, document));
            }
        }
        changed.keySet().retainAll(now);
        progress.keySet().retainAll(now);
        started.keySet().retainAll(now);
    }

    /** Looks what became of the embedding. What it is in the beginning is news only where it is changing. */
    void follow(News.OfEmbedding now) {
        if (!embedding.equals(Optional.of(now))) {
            boolean first = embedding.isEmpty();
            embedding = Optional.of(now);
            if (!first || now.change().isPresent()) {
                embeddingChanged = ++sequence;
            }
        }
    }

    void ask(WatchJobs question, KnowledgeBase state) {
        waiting.put(question.replyTo(), question);
        serve(state);
    }

    void leave(ActorRef<News> reader) {
        waiting.remove(reader);
    }

    boolean watched() {
        return !waiting.isEmpty();
    }

    void serve(KnowledgeBase state) {
        waiting.values().removeIf(question -> {
            long after = question.life().equals(life) ? question.after() : -1;
            Optional<News> news = after(after, state.exists());
            news.ifPresent(question.replyTo()::tell);
            return news.isPresent();
        });
    }

    /** The next piece; a reader that has heard it asks for the rest. Empty where there is nothing to tell. */
    private Optional<News> after(long place, boolean exists) {
        List<Change> due =
                changed.values().stream().filter(c -> c.place() > place).toList();
        List<Change> told = firstOf(due);
        boolean all = told.size() == due.size();
        long upTo = all ? sequence : told.getLast().place();
        // In its order with the documents: what is told of it goes with the piece that reaches its place.
        Optional<News.OfEmbedding> changing =
                embedding.filter(_ -> embeddingChanged > Math.max(0, place) && embeddingChanged <= upTo);
        boolean over = all && !exists;
        boolean first = place < 0;
        return told.isEmpty() && changing.isEmpty() && !first && !over
                ? Optional.empty()
                : Optional.of(new News(
                        life, upTo, seen(told.stream().map(Change::document).toList()), changing, over));
    }

    private static List<Change> firstOf(List<Change> due) {
        int bytes = 0;
        for (int i = 0; i < due.size(); i++) {
            bytes += bytes(due.get(i).document());
            if (bytes > LARGEST && i > 0) {
                return due.subList(0, i);
            }
        }
        return due;
    }

    private static int bytes(Document document) {
        return NO_TEXT
                + document.file().name().bytes().length
                + document.file().mediaType().map(String::length).orElse(0)
                + document.read().map(read -> read.title().bytes().length).orElse(0)
                + document.job().error().map(e -> e.detail().length()).orElse(0);
    }
}
