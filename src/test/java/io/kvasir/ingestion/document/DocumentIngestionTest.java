package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.apache.poi.ss.usermodel.Row;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
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
        ingestion = DocumentIngestion.open(
                new IngestionSettings(
                        folder.resolve("work"), 2, 1, 1_000_000, Duration.ofSeconds(20), "256m", 2_000_000, 50),
                blobs,
                EMBEDDER,
                INDEX);
    }

    @AfterAll
    static void stop() {
        ingestion.close();
        TestKit.shutdownActorSystem(system);
    }

    private Ingestion.Task task(String name) {
        return new Ingestion.Task(
                scope,
                source,
                new BlobId("original"),
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
        Result result = ingest("a.pdf", pdf(3, Optional.empty()));

        assertThat(result).isInstanceOf(Result.Staged.class);
        assertThat(passages()).extracting(p -> p.page().orElseThrow()).contains(1, 2, 3);
        assertThat(passages().getFirst().text()).contains("page number 1");
    }

    @Test
    void aPdfOfFiveHundredPages() throws IOException {
        Result result = ingest("long.pdf", pdf(500, Optional.empty()));

        assertThat(result).isInstanceOf(Result.Staged.class);
        assertThat(passages().getLast().page()).contains(500);
    }

    @Test
    void docxAndXlsx() throws IOException {
        ByteArrayOutputStream docx = new ByteArrayOutputStream();
        try (XWPFDocument document = new XWPFDocument()) {
            document.createParagraph().createRun().setText("Refunds are paid within fourteen days.");
            document.write(docx);
        }
        assertThat(ingest("a.docx", docx.toByteArray())).isInstanceOf(Result.Staged.class);
        assertThat(text()).contains("Refunds are paid within fourteen days.");

        ByteArrayOutputStream xlsx = new ByteArrayOutputStream();
        try (XSSFWorkbook book = new XSSFWorkbook()) {
            Row row = book.createSheet("Prices").createRow(0);
            row.createCell(0).setCellValue("Tea");
            row.createCell(1).setCellValue("3 EUR");
            book.write(xlsx);
        }
        assertThat(ingest("a.xlsx", xlsx.toByteArray())).isInstanceOf(Result.Staged.class);
        assertThat(text()).contains("Tea | 3 EUR");
    }

    @Test
    void htmlWithoutItsScripts() {
        ingest(
                "a.html",
                "<html><head><title>Shop</title><script>evil()</script></head><body><h1>Refunds</h1><p>Paid in 14 days.</p><ul><li>one<li>two</ul></body></html>");

        assertThat(text()).contains("Refunds", "Paid in 14 days.", "one").doesNotContain("evil");
        assertThat(passages()).extracting(Passage::title).containsOnly("Shop");
    }

    @Test
    void mailWithItsSubject() {
        ingest(
                "a.eml",
                "From: a@example.org\r\nTo: b@example.org\r\nSubject: Refund question\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
                        + "Content-Type: text/plain; charset=utf-8\r\n\r\nWhen is my refund paid?\r\n");

        assertThat(text()).contains("When is my refund paid?");
        assertThat(passages()).extracting(Passage::title).containsOnly("Refund question");
    }

    @Test
    void rtf() {
        assertThat(ingest(
                        "a.rtf",
                        "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 Refunds are paid within 14 days.\\par}"))
                .isInstanceOf(Result.Staged.class);

        assertThat(text()).contains("Refunds are paid within 14 days.");
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
    void encryptedPdf() throws IOException {
        assertFailed(ingest("a.pdf", pdf(1, Optional.of("secret"))), "encrypted");
    }

    @Test
    void truncatedDocx() throws IOException {
        ByteArrayOutputStream docx = new ByteArrayOutputStream();
        try (XWPFDocument document = new XWPFDocument()) {
            document.createParagraph().createRun().setText("words ".repeat(5_000));
            document.write(docx);
        }
        byte[] whole = docx.toByteArray();
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
        assertFailed(ingest("a.zip", zip("inner.txt", "hello".getBytes(StandardCharsets.UTF_8))), "unsupported-type");
    }

    @Test
    void aBombOfNestedArchives() throws IOException {
        byte[] bomb = zip("zeros.txt", new byte[50_000_000]);
        for (int i = 0; i < 3; i++) {
            bomb = zip("inner.zip", bomb);
        }
        assertThat(ingest("a.docx", bomb)).isInstanceOf(Result.Failed.class);
    }

    @Test
    void billionLaughs() {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">");
        for (int i = 1; i < 10; i++) {
            xml.append("<!ENTITY lol")
                    .append(i)
                    .append(" \"")
                    .append(("&lol" + (i == 1 ? "" : i - 1) + ";").repeat(10))
                    .append("\">");
        }
        Result result = ingest(
                "a.xhtml",
                xml.append("]><html xmlns=\"http://www.w3.org/1999/xhtml\"><body>&lol9;</body></html>")
                        .toString());

        assertThat(result).isNotNull();
        assertThat(passages()).allSatisfy(p -> assertThat(p.text()).doesNotContain("lollollol"));
    }

    @Test
    void anExternalEntityReachesNobody() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(1);
            String address = "http://127.0.0.1:" + listener.getLocalPort() + "/x";
            ingest(
                    "a.xhtml",
                    "<?xml version=\"1.0\"?><!DOCTYPE html [<!ENTITY x SYSTEM \"" + address
                            + "\">]><html xmlns=\"http://www.w3.org/1999/xhtml\"><body><p>text &x;</p><img src=\""
                            + address + "\"/></body></html>");
            ingest(
                    "b.html",
                    "<html><head><link rel=stylesheet href=\"" + address + "\"></head><body><p>text</p><iframe src=\""
                            + address + "\"></iframe></body></html>");
            assertThat(connected(listener)).isFalse();
        }
    }

    private static boolean connected(ServerSocket listener) throws IOException {
        try {
            listener.accept().close();
            return true;
        } catch (java.net.SocketTimeoutException nobody) {
            return false;
        }
    }

    @Test
    void htmlNestedAHundredThousandDeep() {
        assertThat(ingest("a.html", "<html><body>" + "<div>".repeat(100_000) + "deep" + "</div>".repeat(100_000)))
                .isNotNull();
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
        assertThat(ingest("b.pdf", pdf(1, Optional.empty()))).isInstanceOf(Result.Staged.class);
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

    @Test
    void theFilesOfTheTestData() throws IOException {
        Path data = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
                .resolve("documents");
        assumeTrue(Files.isDirectory(data), "no test data at " + data);
        TreeMap<String, String> outcomes = new TreeMap<>();
        try (var files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile)
                    .filter(f -> !f.toString().endsWith("PROVENANCE.md"))
                    .toList()) {
                Result result = ingest(file.getFileName().toString(), Files.readAllBytes(file));
                outcomes.put(
                        data.relativize(file).toString(),
                        result instanceof Result.Failed f ? "FAILED " + f.code() : "ok");
            }
        }
        assertThat(outcomes.values()).doesNotContain("FAILED unavailable");
        assertThat(outcomes.values().stream().filter("ok"::equals).count()).isGreaterThan(outcomes.size() * 8L / 10);
    }

    private static byte[] pdf(int pages, Optional<String> password) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (PDDocument document = new PDDocument()) {
            for (int i = 1; i <= pages; i++) {
                PDPage page = new PDPage();
                document.addPage(page);
                try (PDPageContentStream content = new PDPageContentStream(document, page)) {
                    content.beginText();
                    content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
                    content.newLineAtOffset(50, 700);
                    content.showText("This is page number " + i + " of a document about refunds and parcels.");
                    content.newLineAtOffset(0, -20);
                    content.showText(
                            "Each page says a few words, so that it makes passages of its own, and then some more words after these "
                                    + "until it is long enough.");
                    content.endText();
                }
            }
            if (password.isPresent()) {
                document.protect(new StandardProtectionPolicy(password.get(), password.get(), new AccessPermission()));
            }
            document.save(out);
        }
        return out.toByteArray();
    }

    private static byte[] zip(String name, byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(content);
            zip.closeEntry();
        }
        return out.toByteArray();
    }
}
