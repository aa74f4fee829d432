package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.SourceVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real files through the real parser process; only embedder, index and blobs are doubles. */
class DocumentIngestionTest {
    private static final RetrievalSettings SETTINGS =
            new RetrievalSettings(SearchMode.HYBRID, 5, 0, 50, 0.7, RetrievalSettings.Rerank.NONE, 1, 60, 15, 2_000);

    @TempDir
    static Path folder;

    private static ActorSystem system;
    private static MemoryBlobs blobs;
    private static final WordEmbedder EMBEDDER = new WordEmbedder();
    private static final MemoryIndex INDEX = new MemoryIndex();
    private static DocumentIngestion ingestion;

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final SourceVersion source = new SourceVersion(SourceId.next(), 1);

    @BeforeAll
    static void start() throws IOException {
        system = ActorSystem.create("ingestion", com.typesafe.config.ConfigFactory.load("reference"));
        blobs = new MemoryBlobs(Materializer.matFromSystem(system));
        ingestion = open("work", 2, EMBEDDER);
    }

    /** All of them use the same index and the same files, as the nodes of a cluster do. */
    private static DocumentIngestion open(String work, int smallAtOnce, WordEmbedder embedder) throws IOException {
        return DocumentIngestion.open(
                new IngestionSettings(
                        folder.resolve(work), smallAtOnce, 1, 1_000_000, Duration.ofSeconds(20), "256m", 2_000_000, 50),
                blobs,
                embedder,
                INDEX);
    }

    @AfterAll
    static void stop() {
        ingestion.close();
        TestKit.shutdownActorSystem(system);
    }

    private Ingestion.Task task(String name) {
        return task(source, name);
    }

    private Ingestion.Task task(SourceVersion source, String name) {
        return new Ingestion.Task(
                scope,
                source,
                new BlobId("original"),
                1_000,
                new BlobId("text"),
                "t/source/1",
                name,
                Optional.of("application/octet-stream"),
                Optional.empty(),
                SETTINGS);
    }

    private Result ingest(String name, byte[] bytes) {
        blobs.put(scope, new BlobId("original"), bytes);
        return ingestion
                .start(task(name), _ -> {})
                .result()
                .toCompletableFuture()
                .orTimeout(90, TimeUnit.SECONDS)
                .join();
    }

    private Result ingest(String name, String text) {
        return ingest(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private List<Passage> passages() {
        return INDEX.staged(source);
    }

    private String text() {
        return new String(blobs.get(scope, new BlobId("text")).orElseThrow(), StandardCharsets.UTF_8);
    }

    private void assertFailed(Result result, String code) {
        assertThat(result).isInstanceOfSatisfying(Result.Failed.class, f -> {
            assertThat(f.code()).isEqualTo(code);
            assertThat(f.detail())
                    .isNotBlank()
                    .doesNotContain("Exception")
                    .doesNotContain("org.")
                    .doesNotContain(folder.toString());
        });
        assertThat(passages()).isEmpty();
        assertThat(blobs.get(scope, new BlobId("text"))).isEmpty();
    }

    @Test
    void markdownKeepsItsHeadingsAndOffsets() {
        Result result = ingest("guide.md", """
                # Guide
                Welcome to the shop.

                ## Refunds
                Refunds are paid within 14 days. Send the goods back first.

                ## Parcels
                Parcels leave on Mondays. 😀
                """);

        assertThat(result).isEqualTo(new Result.Staged(3, "Guide", "text/markdown", "en", text().length()));
        assertThat(passages())
                .extracting(Passage::headings)
                .containsExactly(List.of("Guide"), List.of("Guide", "Refunds"), List.of("Guide", "Parcels"));
        assertThat(passages())
                .allSatisfy(
                        p -> assertThat(text().substring(p.start(), p.end())).isEqualTo(p.text()));
        assertThat(passages()).extracting(Passage::title).containsOnly("Guide");
    }

    @Test
    void aRowOfATableStillSaysWhatItsCellsAre() {
        ingest("prices.csv", "Product;Price\nTea;3 EUR\n\"Coffee; strong\";4 EUR\n");

        assertThat(passages().getFirst().text())
                .contains("Product: Tea; Price: 3 EUR", "Product: Coffee; strong; Price: 4 EUR");
    }

    @ParameterizedTest
    @CsvSource({"UTF-8", "UTF-16LE", "UTF-16BE", "ISO-8859-1", "windows-1252"})
    void plainTextInAnyCharset(String charset) throws IOException {
        String text = "Die Rückerstattung für gekaufte Häuser erfolgt natürlich über das Büro in München. ".repeat(10);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (charset.startsWith("UTF-16")) {
            bytes.write("\uFEFF".getBytes(charset));
        }
        bytes.write(text.getBytes(charset));
        ingest("a.txt", bytes.toByteArray());

        assertThat(text()).startsWith("Die Rückerstattung für gekaufte Häuser");
        assertThat(passages()).extracting(Passage::language).containsOnly("de");
    }

    @Test
    void pdfKnowsItsPages() throws IOException {
        Result result = ingest("a.pdf", Papers.pdf(3, Optional.empty()));

        assertThat(result).isInstanceOf(Result.Staged.class);
        assertThat(passages()).extracting(p -> p.page().orElseThrow()).contains(1, 2, 3);
        assertThat(passages().getFirst().text()).contains("page number 1");
    }

    @Test
    void aPdfOfFiveHundredPages() throws IOException {
        Result result = ingest("long.pdf", Papers.pdf(500, Optional.empty()));

        assertThat(result).isInstanceOf(Result.Staged.class);
        assertThat(passages().getLast().page()).contains(500);
    }

    @Test
    void htmlWithoutItsScripts() {
        ingest(
                "a.html",
                "<html><head><title>Shop</title><script>evil()</script></head><body><h1>Refunds</h1><p>Paid in 14 days.</p><ul><li>one<li>two</ul></body></html>");

        assertThat(text()).contains("Refunds", "Paid in 14 days.", "one").doesNotContain("evil");
        assertThat(passages()).extracting(Passage::title).containsOnly("Shop");
    }

    // What should not be read.

    @Test
    void empty() {
        assertFailed(ingest("a.pdf", new byte[0]), "empty");
    }

    @Test
    void blank() {
        assertFailed(ingest("a.txt", " \n\n\t "), "no-text");
    }

    @Test
    void truncatedDocx() throws IOException {
        byte[] whole = Papers.docx(5_000);
        assertFailed(ingest("a.docx", java.util.Arrays.copyOf(whole, whole.length / 2)), "corrupt");
    }

    @Test
    void garbageNamedPdf() {
        Result result = ingest("a.pdf", "%PDF-1.7\nthis is not a pdf");

        assertFailed(result, "corrupt");
    }

    @Test
    void aPictureNamedDocx() {
        assertFailed(
                ingest(
                        "a.docx",
                        HexFormat.of().parseHex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")),
                "unsupported-type");
    }

    @Test
    void aProgramNamedPdf() {
        byte[] exe = new byte[1_000];
        exe[0] = 'M';
        exe[1] = 'Z';
        assertFailed(ingest("a.pdf", exe), "unsupported-type");
    }

    @Test
    void anArchive() throws IOException {
        assertFailed(
                ingest("a.zip", Papers.zip(java.util.Map.of("inner.txt", Papers.utf8("hello")))), "unsupported-type");
    }

    @Test
    void moreTextThanIsTaken() throws IOException {
        assertFailed(
                ingest("a.html", "<html><body><p>" + "many words ".repeat(300_000) + "</p></body></html>"),
                "too-large");
    }

    @Test
    void oneLineWithoutEnd() {
        Result result = ingest("a.txt", "x".repeat(500_000));

        assertThat(result).isInstanceOf(Result.Staged.class);
        assertThat(passages())
                .allSatisfy(p -> assertThat(EMBEDDER.countTokens(p.text())).isLessThanOrEqualTo(60));
        assertThat(passages().stream().mapToInt(p -> p.text().length()).sum()).isEqualTo(500_000);
    }

    @Test
    void nulBytesInText() {
        ingest("a.txt", "Refunds\u0000 are paid.\uFFFE Soon.");

        assertThat(text()).doesNotContain("\u0000").contains("are paid");
    }

    @Test
    void afterEveryBadFileTheNextIsRead() throws IOException {
        ingest("a.pdf", "%PDF-1.7\nthis is not a pdf");
        assertThat(ingest("b.pdf", Papers.pdf(1, Optional.empty()))).isInstanceOf(Result.Staged.class);
    }

    // What goes on around it.

    @Test
    void theSameTaskAgainWritesTheSamePassages() {
        ingest("guide.md", "# A\nOne sentence. Another sentence.");
        List<Passage> first = passages();
        ingest("guide.md", "# A\nOne sentence. Another sentence.");

        assertThat(passages()).isEqualTo(first);
    }

    @Test
    void anIndexThatIsAwayForAMomentIsTriedAgain() {
        INDEX.failures.set(2);

        assertThat(ingest("guide.md", "# A\nOne sentence.")).isInstanceOf(Result.Staged.class);
    }

    @Test
    void anIndexThatIsAwayIsWaitedForAndNothingIsEmbeddedTwice() {
        INDEX.away.set(6);
        int before = EMBEDDER.embedded.get();

        assertThat(ingest("guide.md", "# A\nOne sentence.")).isInstanceOf(Result.Staged.class);
        assertThat(INDEX.away).hasValue(0);
        assertThat(EMBEDDER.embedded.get() - before).isEqualTo(1);
    }

    @Test
    void progressRisesToTheEnd() {
        blobs.put(
                scope,
                new BlobId("original"),
                "A sentence of some words. ".repeat(3_000).getBytes(StandardCharsets.UTF_8));
        List<Ingestion.Progress> news = java.util.Collections.synchronizedList(new ArrayList<>());
        ingestion.start(task("a.txt"), news::add).result().toCompletableFuture().join();

        assertThat(news.getLast())
                .isEqualTo(new Ingestion.Progress(
                        Ingestion.Stage.STAGED,
                        passages().size(),
                        Optional.of(passages().size()),
                        100));
        assertThat(news).extracting(Ingestion.Progress::percent).isSorted();
    }

    // What another node has taken over.

    private static final String LONG = "A sentence of some words. ".repeat(3_000);

    /** One that stops in the middle. */
    private static WordEmbedder gated(int after) {
        WordEmbedder embedder = new WordEmbedder();
        embedder.gateAfter = after;
        embedder.gate = new CompletableFuture<>();
        return embedder;
    }

    private Ingestion.Run halfway(DocumentIngestion where, WordEmbedder slow) {
        blobs.put(scope, new BlobId("original"), LONG.getBytes(StandardCharsets.UTF_8));
        Ingestion.Run run = where.start(task("a.txt"), _ -> {});
        await().until(() -> slow.embedded.get() > 200);
        return run;
    }

    private void assertAllIsThere(Result result) {
        assertThat(result)
                .isInstanceOfSatisfying(
                        Result.Staged.class, staged -> assertThat(passages()).hasSize(staged.passages()));
        assertThat(text()).isNotEmpty();
    }

    @Test
    void aServerThatStopsTakesNothingAwayOfWhatAnotherHasRead() throws Exception {
        WordEmbedder slow = gated(0);
        Ingestion.Run queued;
        Result elsewhere;
        try (DocumentIngestion stopping = open("stopping", 1, slow)) {
            blobs.put(scope, new BlobId("original"), LONG.getBytes(StandardCharsets.UTF_8));
            stopping.start(task(new SourceVersion(SourceId.next(), 1), "first.txt"), _ -> {});
            await().until(() -> slow.embedded.get() > 0);
            queued = stopping.start(task("a.txt"), _ -> {});
            elsewhere = ingest("a.txt", LONG);
        }

        assertAllIsThere(elsewhere);
        assertThat(queued.result().toCompletableFuture()).as("nobody is told").isNotDone();
    }

    @Test
    void aRunThatIsLeftTakesNothingAwayAndAddsNothing() throws Exception {
        WordEmbedder slow = gated(200);
        try (DocumentIngestion left = open("left", 1, slow)) {
            Ingestion.Run run = halfway(left, slow);
            // Shorter by now: whatever the other one staged is not to be among it.
            Result elsewhere = ingest("a.txt", "One sentence.");
            Ingestion.Run queued = left.start(task("a.txt"), _ -> {});
            Ingestion.Run next = left.start(task(new SourceVersion(SourceId.next(), 1), "next.txt"), _ -> {});
            queued.leave();
            run.leave();
            run.cancel();
            slow.gate.complete(null);

            assertThat(next.result().toCompletableFuture())
                    .as("their place is free")
                    .succeedsWithin(Duration.ofSeconds(20));
            assertAllIsThere(elsewhere);
            assertThat(passages()).hasSize(1);
            assertThat(List.of(run, queued))
                    .noneMatch(r -> r.result().toCompletableFuture().isDone());
        }
    }

    @Test
    void aRunThatWasCancelledBeforeItWasLeftStillLeavesNothing() throws Exception {
        WordEmbedder slow = gated(200);
        try (DocumentIngestion left = open("cancelled", 1, slow)) {
            Ingestion.Run run = halfway(left, slow);
            assertThat(passages()).isNotEmpty();
            run.cancel();
            run.leave();

            assertThat(run.result().toCompletableFuture())
                    .succeedsWithin(Duration.ofSeconds(20))
                    .isEqualTo(new Result.Cancelled());
            assertThat(passages()).isEmpty();
        }
    }

    @Test
    void aTextOf200MegabytesPassesInAHeapOfOneGigabyte() throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.kvasir.ingestion.document.LargeText",
                        "200000000",
                        folder.resolve("large").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(child.waitFor()).as(said).isZero();
        assertThat(said).contains("Staged[passages=").contains("characters=2000000");
    }
}
