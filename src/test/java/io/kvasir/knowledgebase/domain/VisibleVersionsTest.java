package io.kvasir.knowledgebase.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.Decision;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent.PublicationStarted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Whatever is asked of a knowledge base while publications are on their way: once it is quiet, searches see the published
 * version of each document and the last one of each item of a source, and nothing else, and every other version was given
 * to be swept.
 */
class VisibleVersionsTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final Sealed TEXT = new Sealed("s", new byte[] {1});
    private static final int WALKS = 2_000;
    private static final int STEPS = 40;

    /** A knowledge base, and the index as it would be. */
    private static final class Walk {
        private final Random dice;
        private final Set<Version> begun = new HashSet<>();
        private final Set<Version> visible = new HashSet<>();
        private final Set<Version> swept = new HashSet<>();
        /** What sources keep: the version they told last of each item. */
        private final List<Version> items = new ArrayList<>();

        private int names;
        private KnowledgeBase kb = KnowledgeBaseTest.born();

        Walk(long seed) {
            dice = new Random(seed);
        }

        private JobId job() {
            return new JobId("job-" + names++);
        }

        private void happens(Decision<KnowledgeBaseEvent> decision) {
            if (decision instanceof Decision.Accept<KnowledgeBaseEvent>(List<KnowledgeBaseEvent> events)) {
                events.forEach(e -> kb = kb.apply(e));
                kb.documents().forEach(d -> begun.add(d.wanted()));
            }
        }

        void step() {
            if (dice.nextInt(3) == 0) {
                item();
            } else {
                document();
            }
            if (dice.nextInt(6) == 0) {
                sweep();
            }
        }

        /** A source found something, or found it changed, or gone; now and then it says so twice. */
        private void item() {
            List<Version> added = new ArrayList<>();
            List<Version> removed = new ArrayList<>();
            if (items.isEmpty() || dice.nextInt(4) == 0) {
                added.add(new Version(new SourceId("i" + names++), 1));
            } else {
                Version old = items.remove(dice.nextInt(items.size()));
                removed.add(old);
                if (dice.nextBoolean()) {
                    added.add(new Version(old.source(), old.version() + 1));
                }
            }
            items.addAll(added);
            begun.addAll(added);
            KnowledgeBaseEvent.ItemsStaged news =
                    new KnowledgeBaseEvent.ItemsStaged(added, removed, items.size(), items.size(), NOW);
            happens(kb.stage(news));
            if (dice.nextInt(3) == 0) {
                happens(kb.stage(news));
            }
        }

        private void document() {
            List<Document> documents = kb.documents();
            if (documents.isEmpty() || dice.nextInt(8) == 0) {
                happens(kb.add(
                        new KnowledgeBaseEvent.DocumentAdded(
                                new SourceId("d" + names++), KnowledgeBaseTest.file(), job(), NOW),
                        3));
                return;
            }
            Document d = documents.get(dice.nextInt(documents.size()));
            switch (dice.nextInt(9)) {
                case 0, 1 -> happens(kb.begin(d.id(), Optional.of(KnowledgeBaseTest.file()), job(), NOW));
                case 2 -> happens(kb.remove(d.id(), NOW));
                case 3 -> happens(kb.cancel(d.job().id(), NOW));
                case 4 -> happens(kb.retry(d.id(), job(), NOW));
                case 5 -> staged(d);
                case 6 -> {
                    Job.Error error = new Job.Error("unreadable", "It could not be read");
                    happens(kb.failed(
                            new KnowledgeBaseEvent.JobFailed(d.id(), d.job().id(), error, Optional.empty(), NOW)));
                }
                case 7 -> happens(kb.publish(NOW));
                default -> indexed();
            }
        }

        private void staged(Document d) {
            happens(kb.staged(new KnowledgeBaseEvent.JobStaged(
                    d.id(), d.job().id(), new Document.Read(TEXT, "t", "en", 3, 10), Optional.empty(), NOW)));
        }

        private void indexed() {
            if (kb.publishing().isPresent()) {
                PublicationStarted p = kb.publishing().get();
                visible.addAll(p.added());
                visible.removeAll(p.removed());
                happens(kb.published(p.revision(), NOW));
            }
        }

        private void sweep() {
            assertThat(kb.garbage()).as("what is swept").noneMatch(visible::contains);
            swept.addAll(kb.garbage());
            happens(kb.swept(kb.garbage(), kb.oldFiles()));
        }

        void calmDown() {
            kb.documents().forEach(this::staged);
            for (int i = 0; i < 10; i++) {
                happens(kb.publish(NOW));
                indexed();
                sweep();
            }
        }
    }

    @Test
    void searchesSeeWhatIsPublishedAndNothingElse() {
        for (long seed = 0; seed < WALKS; seed++) {
            Walk walk = new Walk(seed);
            for (int i = 0; i < STEPS; i++) {
                walk.step();
            }
            walk.calmDown();

            assertThat(walk.kb.busy()).as("busy after walk %s", seed).isFalse();
            Set<Version> expected = walk.kb.documents().stream()
                    .filter(d -> d.published() > 0)
                    .map(d -> new Version(d.id(), d.published()))
                    .collect(Collectors.toSet());
            expected.addAll(walk.items);
            assertThat(walk.visible).as("visible after walk %s", seed).isEqualTo(expected);
            Set<Version> left = new HashSet<>(walk.begun);
            left.removeAll(walk.visible);
            left.removeAll(walk.swept);
            walk.kb.documents().forEach(d -> left.remove(d.wanted()));
            assertThat(left).as("nobody's after walk %s", seed).isEmpty();
        }
    }
}
