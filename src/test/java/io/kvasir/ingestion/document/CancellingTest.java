package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.kernel.BlobId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In whatever a run is engaged, a cancellation ends it within a second, and nothing of it is left. */
class CancellingTest {
    private static final Duration AT_ONCE = Duration.ofSeconds(1);
    private static final String LONG = "A sentence of some words. ".repeat(3_000);

    @TempDir
    Path folder;

    private Desk desk;

    @BeforeEach
    void open() throws IOException {
        desk = new Desk(folder.resolve("work"), 1, 1, Duration.ofSeconds(120));
    }

    @AfterEach
    void close() {
        desk.words.gate.complete(null);
        desk.index.gate.complete(null);
        desk.close();
    }

    private static void assertEndsAtOnce(Ingestion.Run run) {
        long start = System.nanoTime();
        run.cancel();
        Result result = Desk.result(run, 20);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(AT_ONCE);
        assertThat(result).isEqualTo(new Result.Cancelled());
    }

    private static boolean over(Ingestion.Run run) {
        return run.result().toCompletableFuture().isDone();
    }

    @Test
    void whileItWaitsForALane() {
        desk.words.gate = new CompletableFuture<>();
        Ingestion.Run first = desk.sheet("a.txt").of(LONG).start();
        await().until(() -> desk.words.embedded.get() > 0);
        Desk.Sheet waiting = desk.sheet("b.txt").of(LONG);
        CompletableFuture<Void> queued = new CompletableFuture<>();
        Ingestion.Run run = waiting.start(p -> queued.complete(null));
        Ingestion.Run next = desk.sheet("c.txt").of("One sentence.").start();
        queued.join();

        assertEndsAtOnce(run);
        waiting.assertNothingIsLeft();
        assertThat(over(first)).isFalse();
        assertThat(over(next)).isFalse();
        desk.words.gate.complete(null);
        assertThat(Desk.result(next, 20)).isInstanceOf(Result.Staged.class);
    }

    @Test
    void whileItsFileIsFetched() {
        Desk.Sheet sheet = desk.sheet("a.txt");
        CompletableFuture<Void> reading = new CompletableFuture<>();
        desk.blobs.put(sheet.scope, new BlobId("original"), () -> new InputStream() {
            @Override
            public int read() {
                return 'x';
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                reading.complete(null);
                Arrays.fill(into, offset, offset + length, (byte) 'x');
                return length;
            }
        });
        Ingestion.Run run = sheet.start();
        reading.join();

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
    }

    @Test
    void whileItsParserHangs() throws IOException {
        Path marker = folder.resolve("marker");
        Desk.Sheet sheet = desk.sheet("a.hostile").of("HOSTILE hang " + marker);
        Ingestion.Run run = sheet.start();
        await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(marker) && Files.size(marker) > 0);
        long pid = Long.parseLong(Files.readString(marker));

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
        await().until(() -> ProcessHandle.of(pid).map(p -> !p.isAlive()).orElse(true));
        await().untilAsserted(() -> assertThat(folder.resolve("work/tmp")).isEmptyDirectory());
        assertThat(desk.sheet("b.html").of("<p>Refunds are paid.</p>").result()).isInstanceOf(Result.Staged.class);
    }

    @Test
    void whileALongTextIsCutIntoChunks() {
        // Ten seconds and more of work where nobody stops it.
        desk.index.onlyCount = true;
        Desk.Sheet sheet = desk.sheet("a.txt").of("A sentence of some words. ".repeat(1_500_000));
        CompletableFuture<Void> chunking = new CompletableFuture<>();
        Ingestion.Run run = sheet.start(p -> {
            if (p.stage() == Ingestion.Stage.EMBEDDING) {
                chunking.complete(null);
            }
        });
        chunking.join();

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
    }

    @Test
    void whileItsPassagesAreEmbeddedAndSomeAreStaged() {
        desk.words.gate = new CompletableFuture<>();
        desk.words.gateAfter = 200;
        Desk.Sheet sheet = desk.sheet("a.txt").of(LONG);
        Ingestion.Run run = sheet.start();
        await().until(() -> desk.words.embedded.get() > 200);
        assertThat(sheet.passages()).hasSizeGreaterThanOrEqualTo(64);

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
    }

    @Test
    void whileTheIndexTakesItsTime() {
        desk.index.gate = new CompletableFuture<>();
        Desk.Sheet sheet = desk.sheet("a.txt").of(LONG);
        Ingestion.Run run = sheet.start();
        await().until(() -> desk.index.atGate.get() > 0);

        assertEndsAtOnce(run);
        // The index finishes what it had begun only now; a run that follows waits for the tidy-up after it.
        Ingestion.Run again = sheet.start();
        desk.index.gate.complete(null);
        assertThat(Desk.result(again, 20))
                .isInstanceOfSatisfying(
                        Result.Staged.class,
                        staged -> assertThat(sheet.passages()).hasSize(staged.passages()));
    }

    @Test
    void andWhatTheIndexStagesLateIsDiscardedLate() {
        desk.index.gate = new CompletableFuture<>();
        Desk.Sheet sheet = desk.sheet("a.txt").of(LONG);
        Ingestion.Run run = sheet.start();
        await().until(() -> desk.index.atGate.get() > 0);
        assertEndsAtOnce(run);
        desk.index.gate.complete(null);

        await().untilAsserted(() -> assertThat(desk.index.calls.get()).isPositive());
        await().untilAsserted(sheet::assertNothingIsLeft);
    }

    @Test
    void whileItWaitsForAnIndexThatIsAway() {
        desk.index.away.set(Integer.MAX_VALUE);
        Desk.Sheet sheet = desk.sheet("a.txt").of("One sentence.");
        Ingestion.Run run = sheet.start();
        await().until(() -> desk.index.away.get() < Integer.MAX_VALUE);

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
    }

    @Test
    void whileItWaitsToTryAgain() {
        desk.index.failures.set(3);
        Desk.Sheet sheet = desk.sheet("a.txt").of("One sentence.");
        Ingestion.Run run = sheet.start();
        // After the third failure the pause is two seconds.
        await().until(() -> desk.index.failures.get() == 0);

        assertEndsAtOnce(run);
        sheet.assertNothingIsLeft();
    }

    @Test
    void aSmallDocumentDoesNotWaitForALargeOne() {
        desk.words.gate = new CompletableFuture<>();
        Ingestion.Run large = desk.sheet("large.txt")
                .of("A sentence of some words. ".repeat(60_000))
                .start();
        await().until(() -> desk.words.embedded.get() > 0);
        CompletableFuture<Void> gate = desk.words.gate;
        desk.words.gate = CompletableFuture.completedFuture(null);

        assertThat(desk.sheet("small.txt").of("One sentence.").result()).isInstanceOf(Result.Staged.class);
        assertThat(over(large)).isFalse();
        large.cancel();
        gate.complete(null);
    }

    @Test
    void aBugInTheMiddleLeavesNothingStaged() {
        desk.words.gateAfter = 100_000;
        Desk.Sheet sheet = desk.sheet("a.txt").of(LONG);
        Ingestion.Run run = sheet.start(p -> {
            if (p.chunksDone() > 64) {
                throw new IllegalStateException("a listener's bug");
            }
        });

        assertThat(run.result().toCompletableFuture())
                .failsWithin(Duration.ofSeconds(20))
                .withThrowableThat()
                .havingRootCause()
                .withMessage("a listener's bug");
        assertThat(desk.index.calls.get()).isPositive();
        sheet.assertNothingIsLeft();
    }

    @Test
    void whatAKilledServerLeftIsSweptAtTheNextStart() throws IOException {
        Path left = folder.resolve("other/tmp/parser1/left-behind");
        Files.createDirectories(left.getParent());
        Files.writeString(left, "a page of a document");
        try (Desk next = new Desk(folder.resolve("other"), 1, 1, Duration.ofSeconds(20))) {
            assertThat(left).doesNotExist();
            assertThat(next.sheet("a.txt").of("One sentence.").result()).isInstanceOf(Result.Staged.class);
        }
    }

    @Test
    void stoppingWaitsForNobodyAndLeavesNoFile() throws IOException {
        Path marker = folder.resolve("marker");
        desk.sheet("a.hostile").of("HOSTILE hang " + marker).start();
        await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(marker) && Files.size(marker) > 0);
        long pid = Long.parseLong(Files.readString(marker));
        long start = System.nanoTime();
        desk.ingestion.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        assertThat(ProcessHandle.of(pid).map(p -> !p.isAlive()).orElse(true)).isTrue();
        assertThat(folder.resolve("work")).doesNotExist();
    }
}
