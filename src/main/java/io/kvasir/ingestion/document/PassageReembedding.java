package io.kvasir.ingestion.document;

import io.kvasir.http.Problems;
import io.kvasir.ingestion.Reembedding;
import io.kvasir.ingestion.document.Cancellation.Cancelled;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.llm.ChatFailure;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.MovableIndex.Kept;
import io.kvasir.retrieval.Spaces;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes from one index into another, each on a virtual thread, so many at once. A page of passages is compared with what
 * is there; what is missing is embedded and kept durably before the next is asked for, so that a kill costs the vectors of
 * one batch at most.
 */
public final class PassageReembedding implements Reembedding, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.ingestion");
    private static final int PAGE = 200;
    /** Enough to fill a provider's batches, few enough to stop soon. */
    private static final int LEAST_AT_ONCE = 8;

    private static final long NEWS_EVERY = Duration.ofMillis(300).toNanos();

    private final Spaces spaces;
    private final Semaphore places;
    private final Runs runs = new Runs();

    /** @param atOnce passes at a time; urgent ones do not count */
    public PassageReembedding(Spaces spaces, int atOnce) {
        this.spaces = spaces;
        this.places = new Semaphore(atOnce, true);
    }

    @Override
    public Run start(Task task, Consumer<Progress> listener) {
        Cancellation cancellation = new Cancellation();
        CompletableFuture<Result> result = new CompletableFuture<>();
        Run handle = new Run() {
            @Override
            public CompletionStage<Result> result() {
                return result;
            }

            @Override
            public void cancel() {
                cancellation.ask();
            }
        };
        if (runs.closed()) {
            // Whoever asks now leaves with us; a result would only make them ask again.
            return handle;
        }
        runs.begun(cancellation);
        runs.execute(() -> {
            try {
                result.complete(placed(task, listener, cancellation));
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            } finally {
                runs.ended(cancellation);
            }
        });
        return handle;
    }

    private Result placed(Task task, Consumer<Progress> listener, Cancellation cancellation) {
        try {
            if (task.urgent()) {
                return new Pass(task, listener, cancellation).run();
            }
            while (!places.tryAcquire(250, TimeUnit.MILLISECONDS)) {
                cancellation.check();
            }
            try {
                return new Pass(task, listener, cancellation).run();
            } finally {
                places.release();
            }
        } catch (Cancelled e) {
            return new Result.Cancelled();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Result.Cancelled();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            LOG.warn(
                    "passages of {} could not be embedded with {}", task.scope().key(), task.to(), cause);
            return new Result.Failed(
                    cause instanceof ChatFailure || cause instanceof Problems.Unavailable
                            ? String.valueOf(cause.getMessage())
                            : "A part that is needed was not available");
        }
    }

    /** One look at all passages; blocking. */
    private final class Pass {
        private final Task task;
        private final Scope scope;
        private final Consumer<Progress> listener;
        private final Cancellation cancellation;
        private final MovableIndex from;
        private final MovableIndex to;
        private long total;
        private long done;
        private long embedded;
        private long lastNews;

        Pass(Task task, Consumer<Progress> listener, Cancellation cancellation) {
            this.task = task;
            this.scope = task.scope();
            this.listener = listener;
            this.cancellation = cancellation;
            this.from = spaces.index(task.from());
            this.to = spaces.index(task.to());
        }

        Result run() throws Cancelled {
            Spaces.Space space = spaces.in(task.to());
            if (space.embedder().isEmpty()) {
                return new Result.Failed(space.missing());
            }
            Embedder embedder = space.embedder().get();
            PassageInput input = new PassageInput(embedder);
            total = cancellation.await(from.size(scope));
            news(true);
            Optional<PassageId> after = Optional.empty();
            while (true) {
                List<Kept> page = cancellation.await(from.kept(scope, after, PAGE));
                if (page.isEmpty()) {
                    break;
                }
                carry(page, embedder, input);
                after = Optional.of(id(page.getLast()));
            }
            removeWhatIsGone();
            news(true);
            return new Result.Carried(total, embedded);
        }

        private void carry(List<Kept> page, Embedder embedder, PassageInput input) throws Cancelled {
            Map<PassageId, Kept> there = cancellation.await(to.kept(scope, ids(page)));
            List<Kept> changed = new ArrayList<>();
            List<Kept> missing = new ArrayList<>();
            for (Kept here : page) {
                Kept other = there.get(id(here));
                if (other == null
                        || !other.embedded().passage().equals(here.embedded().passage())) {
                    missing.add(here);
                } else if (!other.from().equals(here.from()) || !other.to().equals(here.to())) {
                    changed.add(new Kept(other.embedded(), here.from(), here.to()));
                }
            }
            if (!changed.isEmpty()) {
                cancellation.await(to.restore(scope, changed));
            }
            done += page.size() - missing.size();
            news(false);
            int atOnce = Math.clamp(embedder.parallelism(), LEAST_AT_ONCE, PAGE);
            for (int i = 0; i < missing.size(); i += atOnce) {
                embed(missing.subList(i, Math.min(missing.size(), i + atOnce)), embedder, input);
            }
        }

        private void embed(List<Kept> some, Embedder embedder, PassageInput input) throws Cancelled {
            List<float[]> vectors = cancellation.await(embedder.embedPassages(some.stream()
                    .map(kept -> input.of(kept.embedded().passage()))
                    .toList()));
            List<Kept> carried = new ArrayList<>();
            for (int i = 0; i < some.size(); i++) {
                Kept kept = some.get(i);
                carried.add(new Kept(
                        new EmbeddedPassage(kept.embedded().passage(), vectors.get(i)), kept.from(), kept.to()));
            }
            cancellation.await(to.restore(scope, carried));
            embedded += some.size();
            done += some.size();
            news(false);
        }

        /** What was purged or discarded in the old space since it was carried. */
        private void removeWhatIsGone() throws Cancelled {
            Optional<PassageId> after = Optional.empty();
            while (true) {
                List<Kept> page = cancellation.await(to.kept(scope, after, PAGE));
                if (page.isEmpty()) {
                    return;
                }
                Set<PassageId> gone = new HashSet<>(ids(page));
                gone.removeAll(cancellation.await(from.kept(scope, gone)).keySet());
                if (!gone.isEmpty()) {
                    cancellation.await(to.remove(scope, gone));
                }
                after = Optional.of(id(page.getLast()));
            }
        }

        private void news(boolean always) {
            long now = System.nanoTime();
            if (always || now - lastNews >= NEWS_EVERY) {
                lastNews = now;
                listener.accept(new Progress(done, Math.max(total, done)));
            }
        }
    }

    private static PassageId id(Kept kept) {
        return kept.embedded().passage().id();
    }

    private static Set<PassageId> ids(List<Kept> page) {
        return page.stream().map(PassageReembedding::id).collect(Collectors.toSet());
    }

    /** Cancels what runs; it goes on with the next start. */
    @Override
    public void close() {
        runs.close();
    }
}
