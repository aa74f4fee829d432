package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files made to hurt, closed ones and broken ones: each has its exact end, and none reaches anybody. */
class HostileFilesTest {
    private static final String WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

    @TempDir
    static Path folder;

    private static Desk desk;

    @BeforeAll
    static void open() throws IOException {
        desk = new Desk(folder.resolve("work"), 1, 1, Duration.ofSeconds(60));
    }

    @AfterAll
    static void close() {
        desk.close();
    }

    // Bombs.

    private static String laughs() {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">");
        for (int i = 1; i < 10; i++) {
            xml.append("<!ENTITY lol")
                    .append(i)
                    .append(" \"")
                    .append(("&lol" + (i == 1 ? "" : i - 1) + ";").repeat(10))
                    .append("\">");
        }
        return xml.append("]>").toString();
    }

    @Test
    void aBillionLaughsInAPageAreNotEvenOne() {
        Desk.Sheet sheet = desk.sheet("a.xhtml")
                .of(laughs() + "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>&lol9;</body></html>");
        sheet.staged();

        assertThat(sheet.text()).contains("&lol9;").doesNotContain("lollol");
    }

    @Test
    void aBillionLaughsInAnOfficeFile() throws IOException {
        desk.sheet("a.docx")
                .of(Papers.withPart(
                        Papers.docx(),
                        "word/document.xml",
                        Papers.utf8(laughs() + "<w:document xmlns:w=\"" + WORDS
                                + "\"><w:body><w:p><w:r><w:t>&lol9;</w:t></w:r></w:p></w:body></w:document>")))
                .assertFailed("bomb");
        desk.sheet("a.odt")
                .of(Papers.withPart(
                        Papers.odt(),
                        "content.xml",
                        Papers.utf8(laughs()
                                + "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" "
                                + "xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body><office:text>"
                                + "<text:p>&lol9;</text:p></office:text></office:body></office:document-content>")))
                .assertFailed("bomb");
    }

    @Test
    void fourHundredThousandParagraphsInAFewKilobytes() throws IOException {
        String paragraphs = "<w:p><w:r><w:t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</w:t></w:r></w:p>".repeat(400_000);

        desk.sheet("a.docx")
                .of(Papers.withPart(
                        Papers.docx(),
                        "word/document.xml",
                        Papers.utf8("<w:document xmlns:w=\"" + WORDS + "\"><w:body>" + paragraphs
                                + "</w:body></w:document>")))
                .assertFailed("too-large");
    }

    @Test
    void archivesInArchivesInAMail() throws IOException {
        byte[] bomb = Papers.zip(Map.of("a.txt", Papers.utf8("many words ".repeat(5_000_000))));
        for (int i = 0; i < 2; i++) {
            bomb = Papers.zip(Map.of("inner.zip", bomb));
        }
        assertThat(bomb).hasSizeLessThan(10_000);

        desk.sheet("a.eml")
                .of("""
                From: a@example.org
                Subject: a present
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="b"

                --b
                Content-Type: text/plain

                hello
                --b
                Content-Type: application/zip; name="x.zip"
                Content-Transfer-Encoding: base64
                Content-Disposition: attachment; filename="x.zip"

                %s
                --b--
                """.formatted(Base64.getMimeEncoder().encodeToString(bomb)))
                .assertFailed("bomb");
    }

    @Test
    void anArchiveThatCallsItselfADocument() throws IOException {
        byte[] bomb = Papers.zip(Map.of("zeros.txt", new byte[50_000_000]));
        for (int i = 0; i < 3; i++) {
            bomb = Papers.zip(Map.of("inner.zip", bomb));
        }
        desk.sheet("a.docx").of(bomb).assertFailed("corrupt");
    }

    @Test
    void htmlNestedAHundredThousandDeep() {
        desk.sheet("a.html")
                .of("<html><body>" + "<div>".repeat(100_000) + "deep" + "</div>".repeat(100_000))
                .assertFailed("bomb");
    }

    @Test
    void htmlNestedTwoHundredDeepIsAPageLikeOthers() {
        Desk.Sheet sheet =
                desk.sheet("a.html").of("<html><body>" + "<div>".repeat(200) + "deep" + "</div>".repeat(200));
        sheet.staged();

        assertThat(sheet.text()).isEqualTo("deep\n\n");
    }

    // Addresses in files.

    @FunctionalInterface
    private interface Calling {
        byte[] file(String address) throws IOException;
    }

    /** Reads a file that names an address of ours, and sees whether anyone comes. */
    private static Result callsNobody(String name, Calling calling) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            listener.setSoTimeout(1);
            Result result = desk.sheet(name)
                    .of(calling.file("http://127.0.0.1:" + listener.getLocalPort() + "/x"))
                    .result();
            boolean came = true;
            try {
                listener.accept().close();
            } catch (SocketTimeoutException nobody) {
                came = false;
            }
            assertThat(came).as("a connection from %s", name).isFalse();
            return result;
        }
    }

    private static String external(String address) {
        return "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY x SYSTEM \"" + address + "\"> <!ENTITY % p SYSTEM \""
                + address + "\"> %p;]>";
    }

    @Test
    void anExternalEntityOfAPage() throws IOException {
        callsNobody(
                "a.xhtml",
                address -> Papers.utf8(external(address)
                        + "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body><p>text &x;</p><img src=\"" + address
                        + "\"/></body></html>"));
    }

    @Test
    void everythingAPageMayLoad() throws IOException {
        callsNobody(
                "b.html",
                address -> Papers.utf8("<html><head><link rel=stylesheet href=\"" + address
                        + "\"></head><body><p>text</p><iframe src=\"" + address + "\"></iframe></body></html>"));
    }

    @Test
    void anExternalEntityOfAnOfficeFile() throws IOException {
        callsNobody(
                "a.docx",
                address -> Papers.withPart(
                        Papers.docx(),
                        "word/document.xml",
                        Papers.utf8(external(address) + "<w:document xmlns:w=\"" + WORDS
                                + "\"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>")));
        callsNobody(
                "a.odt",
                address -> Papers.withPart(
                        Papers.odt(),
                        "content.xml",
                        Papers.utf8(
                                external(address)
                                        + "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\"/>")));
    }

    private static String form(String amount) {
        return "<xdp:xdp xmlns:xdp=\"http://ns.adobe.com/xdp/\"><template xmlns=\"http://www.xfa.org/schema/xfa-template/3.0/\">"
                + "<subform><field name=\"amount\"/></subform></template>"
                + "<xfa:datasets xmlns:xfa=\"http://www.xfa.org/schema/xfa-data/1.0/\"><xfa:data><amount>" + amount
                + "</amount></xfa:data></xfa:datasets></xdp:xdp>";
    }

    @Test
    void aFormInXfaIsRead() throws IOException {
        Desk.Sheet sheet = desk.sheet("a.pdf").of(Papers.pdfWithXfa(form("17")));
        sheet.staged();

        assertThat(sheet.text()).contains("A form.", "amount: 17");
    }

    @Test
    void anExternalEntityOfAFormInXfa() throws IOException {
        assertThat(callsNobody("a.pdf", address -> Papers.pdfWithXfa(external(address) + form("&x;"))))
                .isInstanceOf(Result.Staged.class);
    }

    // Closed and broken ones.

    @Test
    void encrypted() throws IOException, GeneralSecurityException {
        desk.sheet("a.docx").of(Papers.encrypted(Papers.docx(), "secret")).assertFailed("encrypted");
        desk.sheet("a.xlsx").of(Papers.encrypted(Papers.xlsx(), "secret")).assertFailed("encrypted");
        desk.sheet("a.pdf").of(Papers.pdf(1, Optional.of("secret"))).assertFailed("encrypted");
    }

    @Test
    void aTruncatedPdfGivesWhatIsThereOrFails() throws IOException {
        byte[] pdf = Papers.pdf(5, Optional.empty());
        desk.sheet("half.pdf").of(Arrays.copyOf(pdf, pdf.length / 2)).assertFailed("corrupt");
        Desk.Sheet withoutIndex = desk.sheet("tail.pdf").of(Arrays.copyOf(pdf, pdf.length - 200));
        withoutIndex.staged();

        assertThat(withoutIndex.passages())
                .extracting(p -> p.page().orElseThrow())
                .containsExactly(1, 2, 3, 4, 5);
    }
}
