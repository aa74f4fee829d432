package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.kvasir.ingestion.Ingestion.Result;
import io.kvasir.retrieval.Passage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the structure of files of many kinds, through the real parser. */
class FormatsTest {
    private static final Path DATA = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
            .resolve("documents");

    @TempDir
    static Path folder;

    private static Desk desk;

    @BeforeAll
    static void open() throws IOException {
        desk = new Desk(folder.resolve("work"), 2, 1, Duration.ofSeconds(60));
    }

    @AfterAll
    static void close() {
        desk.close();
    }

    private static Desk.Sheet read(String name, byte[] bytes) {
        Desk.Sheet sheet = desk.sheet(name).of(bytes);
        sheet.staged();
        return sheet;
    }

    private static Desk.Sheet given(String path) throws IOException {
        Path file = DATA.resolve(path);
        assumeTrue(Files.exists(file), "no test data at " + file);
        return read(file.getFileName().toString(), Files.readAllBytes(file));
    }

    private static List<List<String>> headings(Desk.Sheet sheet) {
        return sheet.passages().stream().map(Passage::headings).toList();
    }

    private static String title(Desk.Sheet sheet) {
        return sheet.passages().getFirst().title();
    }

    private static void assertTwoSections(Desk.Sheet sheet) {
        assertThat(headings(sheet)).containsExactly(List.of("Returns"), List.of("Returns", "Refunds"));
        assertThat(sheet.passages().getFirst().text()).isEqualTo("Goods may be sent back.");
        assertThat(sheet.passages().getLast().text()).startsWith("Refunds are paid within fourteen days.");
    }

    @Test
    void docxHasHeadingsAndRows() throws IOException {
        Desk.Sheet sheet = read("a.docx", Papers.docx());

        assertTwoSections(sheet);
        assertThat(sheet.text()).contains("Product | Price\n\nTea | 3 EUR");
    }

    @Test
    void docxOfTheStrictKind() throws IOException {
        assertThat(given("docling/docx/Strict.docx").text().strip()).isEqualTo("Some text");
    }

    @Test
    void odtHasHeadingsAndRows() throws IOException {
        Desk.Sheet sheet = read("a.odt", Papers.odt());

        assertTwoSections(sheet);
        assertThat(sheet.text()).contains("Tea | 3 EUR");
    }

    @Test
    void ods() throws IOException {
        byte[] ods = Papers.odf(
                "spreadsheet",
                "<table:table table:name=\"Prices\"><table:table-row><table:table-cell><text:p>Tea</text:p></table:table-cell>"
                        + "<table:table-cell><text:p>3 EUR</text:p></table:table-cell></table:table-row></table:table>");

        assertThat(read("a.ods", ods).text()).contains("Tea | 3 EUR");
    }

    @ParameterizedTest
    @ValueSource(strings = {"xlsx", "xls"})
    void aWorkbookHasSheetsAndItsNumbersAreReadable(String kind) throws IOException {
        Desk.Sheet sheet = read("sales." + kind, kind.equals("xlsx") ? Papers.xlsx() : Papers.xls());

        assertThat(headings(sheet)).containsExactly(List.of("Prices 2026"), List.of("Deliveries"));
        assertThat(sheet.passages()).extracting(p -> p.page().orElseThrow()).containsExactly(1, 2);
        assertThat(sheet.text())
                .contains("Product | Price | Sold | Number", "Tea | 3.5 | 1234567 | 4006381333931")
                .contains("Hamburg | 2026-11-20 | 12.5%");
        assertThat(title(sheet)).isEqualTo("sales." + kind);
    }

    @ParameterizedTest
    @ValueSource(strings = {"pptx", "ppt"})
    void aPresentationHasItsSlidesInOrder(String kind) throws IOException {
        Desk.Sheet sheet = read("a." + kind, kind.equals("pptx") ? Papers.pptx() : Papers.ppt());

        assertThat(sheet.text()).startsWith("Returns and refunds\n\nRefunds are paid within fourteen days.");
        assertThat(sheet.passages().getFirst().page()).contains(1);
    }

    @Test
    void everySlideHasItsNumberOnce() throws IOException {
        Desk.Sheet sheet = given("docling/pptx/powerpoint_sample.pptx");

        assertThat(sheet.passages().getLast().page()).contains(3);
        assertThat(sheet.text()).contains("| Class1 | | | Class2").contains("Some notes on the second slide.");
    }

    @Test
    void epubInTheOrderOfItsSpine() throws IOException {
        Desk.Sheet sheet = read("a.epub", Papers.epub());

        assertThat(headings(sheet)).containsExactly(List.of("Returns"), List.of("Refunds"));
        assertThat(title(sheet)).isEqualTo("The shop's book");
    }

    @Test
    void aMailSaysWhoWroteToWhomAndWhen() throws IOException {
        Desk.Sheet sheet = read("a.eml", Papers.eml());

        assertThat(sheet.text()).isEqualTo("""
                From: Ann Example <ann@example.org>
                To: Shop <shop@example.org>, Bob <bob@example.org>
                Cc: carl@example.org
                Date: 2026-11-20 12:30 UTC
                Subject: Refund question

                When is my refund paid?

                Receipt 4711 for one pound of tea.

                """);
        assertThat(title(sheet)).isEqualTo("Refund question");
    }

    @Test
    void aMailIsReadWithoutWhatItQuotesAndHowItIsSigned() {
        Desk.Sheet sheet = read("a.eml", Papers.utf8("""
                From: Ann Example <ann@example.org>
                To: shop@example.org
                Subject: Re: Refund
                Content-Type: text/html; charset=utf-8

                <p>It came after 12 days.</p><p>Best regards,<br>Ann Example<br>+49 30 1234567</p>
                <div class="gmail_quote">On Fri, Nov 20, 2026 at 1:30 PM Shop &lt;shop@example.org&gt; wrote:<br>
                <blockquote class="gmail_quote">Refunds take 14 days.</blockquote></div>
                """.replace("\n", "\r\n")));

        assertThat(sheet.text())
                .contains("It came after 12 days.")
                .doesNotContain("Refunds take", "wrote:", "Best regards", "1234567");
    }

    @Test
    void everyMailOfAMailboxDoes() {
        assertThat(read("a.mbox", Papers.mbox()).text())
                .containsSubsequence(
                        "From: Ann <ann@example.org>\nTo: shop@example.org\nDate: 2026-11-20 12:00 UTC\nSubject: First",
                        "When is my refund paid?",
                        "From: Bob <bob@example.org>\nTo: shop@example.org\nDate: 2026-11-20 13:00 UTC\nSubject: Second",
                        "Where is my parcel?");
    }

    @Test
    void aMailOfOutlookDoes() throws IOException {
        Desk.Sheet sheet = given("docling/email/msg_with_attachment.msg");

        assertThat(sheet.text())
                .contains("From: Alice Example\nTo: Bob Example <bob@example.com>\nDate: 2026-05-20 10:30 UTC")
                .doesNotContain("Recipients")
                .contains("This email contains an attachment.", "This is a test attachment file.");
        assertThat(title(sheet)).isEqualTo("Email with Attachment");
    }

    @Test
    void docHasHeadingsAndRows() throws IOException {
        Desk.Sheet sheet = given("docling/doc/legacy_sample.doc");

        assertThat(headings(sheet)).contains(List.of("Let’s swim!", "Let’s eat"));
        assertThat(sheet.text()).contains("Leaves | Ash, Elm, Maple | 50");
    }

    @Test
    void pptWithAComment() throws IOException {
        assertThat(given("tika/ppt/testPPT_comment.ppt").text()).startsWith("title\n\nsubtitle\n\n");
    }

    @Test
    void rtf() {
        assertThat(read(
                                "a.rtf",
                                Papers.utf8(
                                        "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 Refunds are paid within 14 days.\\par}"))
                        .text())
                .isEqualTo("Refunds are paid within 14 days.\n\n");
    }

    @Test
    void htmlOfDivisionsAndDefinitions() {
        Desk.Sheet sheet = read(
                "a.html",
                Papers.utf8(
                        "<html><head><title>Shop</title></head><body><div>one</div><div>two</div><section><h2>Terms</h2>"
                                + "<article>three</article></section><dl><dt>Refund</dt><dd>money back</dd></dl><style>p{}</style>"
                                + "<script>evil()</script><p>a<br>b</p></body></html>"));

        assertThat(sheet.text()).isEqualTo("one\n\ntwo\n\nTerms\n\nthree\n\nRefund: money back\n\na\nb\n\n");
        assertThat(title(sheet)).isEqualTo("Shop");
    }

    /** Files of the test data that are not read, and why; all others are. */
    private static final Map<String, String> NOT_READ = Map.of(
            "tika/doc/testWordPerfect_42.doc", "unsupported-type",
            "tika/docx/protected_normal_case.docx", "encrypted",
            "tika/pptx/testPPT_protected_passtika.pptx", "encrypted",
            "tika/xlsx/testEXCEL_protected_passtika.xlsx", "encrypted",
            "tika/pdf/testPDF_no_extract_no_accessibility_owner_user.pdf", "encrypted",
            // A signature field, and pictures, without a word.
            "tika/pdf/testPDF_sigflags.pdf", "no-text",
            "tika/ppt/pictures.ppt", "no-text");

    @Test
    void theFilesOfTheTestData() throws IOException {
        assumeTrue(Files.isDirectory(DATA), "no test data at " + DATA);
        TreeMap<String, String> outcomes = new TreeMap<>();
        List<Path> files;
        try (var all = Files.walk(DATA)) {
            files = all.filter(Files::isRegularFile)
                    .filter(f -> !f.toString().endsWith("PROVENANCE.md")
                            && !f.toString().endsWith(".expected.md"))
                    .toList();
        }
        for (Path file : files) {
            Desk.Sheet sheet = desk.sheet(file.getFileName().toString()).of(Files.readAllBytes(file));
            Result result = sheet.result();
            outcomes.put(
                    DATA.relativize(file).toString(),
                    result instanceof Result.Failed failed
                            ? failed.code()
                            : result.getClass().getSimpleName());
        }
        Map<String, String> expected = files.stream()
                .map(f -> DATA.relativize(f).toString())
                .collect(Collectors.toMap(f -> f, f -> NOT_READ.getOrDefault(f, "Staged")));

        assertThat(outcomes).hasSizeGreaterThan(100).containsExactlyInAnyOrderEntriesOf(expected);
    }
}
