package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion.Progress;
import io.kvasir.ingestion.Ingestion.Stage;
import io.kvasir.kernel.JobId;
import io.kvasir.knowledgebase.KnowledgeBaseEntity.WatchJobs;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * What jobs are doing right now, and who waits to hear of it. Each job remembers when it last changed, so a reader gets
 * the newest state of all that changed since it last heard, however slow it is, and costs one entry.
 */
final class JobNews {
    /** One position runs through one life of the entity; after a restart everything is news. */
    private final String life;

    private long sequence;
    private final Map<JobId, Progress> progress = new HashMap<>();
    private final Map<JobId, Instant> started = new HashMap<>();
    private final Map<JobId, Long> changed = new HashMap<>();
    private final Map<JobId, Job> known = new HashMap<>();
    private final Map<ActorRef<News>, WatchJobs> waiting = new HashMap<>();

    private Optional<News.OfEmbedding> embedding = Optional.empty();
    private long embeddingChanged;

    JobNews(String life) {
        this.life = life;
    }

    void progressed(JobId job, Progress news, Instant now) {
        if (news.stage() != Stage.QUEUED) {
            started.putIfAbsent(job, now);
        }
        progress.put(job, news);
        changed.put(job, ++sequence);
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
        Map<JobId, Job> now = new HashMap<>();
        for (Document document : state.documents()) {
            Job job = document.job();
            now.put(job.id(), job);
            if (!job.equals(known.get(job.id()))) {
                changed.put(job.id(), ++sequence);
            }
        }
        known.clear();
        known.putAll(now);
        changed.keySet().retainAll(now.keySet());
        progress.keySet().retainAll(now.keySet());
        started.keySet().retainAll(now.keySet());
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
            List<Document> news = new ArrayList<>();
            for (Document document : state.documents()) {
                if (changed.getOrDefault(document.job().id(), 0L) > after) {
                    news.add(document);
                }
            }
            boolean first = after < 0;
            Optional<News.OfEmbedding> changing = embedding.filter(_ -> embeddingChanged > Math.max(0, after));
            if (news.isEmpty() && changing.isEmpty() && !first && state.exists()) {
                return false;
            }
            question.replyTo().tell(new News(life, sequence, seen(news), changing, !state.exists()));
            return true;
        });
    }
}
