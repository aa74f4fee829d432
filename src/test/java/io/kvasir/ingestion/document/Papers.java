package io.kvasir.ingestion.document;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts;
import org.apache.pdfbox.pdmodel.interactive.form.PDAcroForm;
import org.apache.poi.hslf.usermodel.HSLFSlideShow;
import org.apache.poi.hssf.usermodel.HSSFWorkbook;
import org.apache.poi.poifs.crypt.EncryptionInfo;
import org.apache.poi.poifs.crypt.EncryptionMode;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;
import org.apache.poi.ss.usermodel.CellStyle;
import org.apache.poi.ss.usermodel.Row;
import org.apache.poi.ss.usermodel.Sheet;
import org.apache.poi.ss.usermodel.Workbook;
import org.apache.poi.xslf.usermodel.XMLSlideShow;
import org.apache.poi.xslf.usermodel.XSLFSlide;
import org.apache.poi.xssf.usermodel.XSSFWorkbook;
import org.apache.poi.xwpf.usermodel.XWPFDocument;
import org.apache.poi.xwpf.usermodel.XWPFTable;

/** Small real files of many kinds. */
final class Papers {
    private Papers() {}

    @FunctionalInterface
    private interface Written {
        void to(ByteArrayOutputStream out) throws IOException;
    }

    private static byte[] bytes(Written written) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        written.to(out);
        return out.toByteArray();
    }

    static byte[] docx() throws IOException {
        try (XWPFDocument document = new XWPFDocument()) {
            heading(document, "Heading1", "Returns");
            document.createParagraph().createRun().setText("Goods may be sent back.");
            heading(document, "Heading2", "Refunds");
            document.createParagraph().createRun().setText("Refunds are paid within fourteen days.");
            XWPFTable table = document.createTable(2, 2);
            table.getRow(0).getCell(0).setText("Product");
            table.getRow(0).getCell(1).setText("Price");
            table.getRow(1).getCell(0).setText("Tea");
            table.getRow(1).getCell(1).setText("3 EUR");
            return bytes(document::write);
        }
    }

    private static void heading(XWPFDocument document, String style, String text) {
        var paragraph = document.createParagraph();
        paragraph.setStyle(style);
        paragraph.createRun().setText(text);
        if (document.getStyles() == null) {
            document.createStyles();
        }
        if (!document.getStyles().styleExist(style)) {
            var ct = org.openxmlformats.schemas.wordprocessingml.x2006.main.CTStyle.Factory.newInstance();
            ct.setStyleId(style);
            ct.addNewName().setVal("heading " + style.charAt(style.length() - 1));
            document.getStyles().addStyle(new org.apache.poi.xwpf.usermodel.XWPFStyle(ct));
        }
    }

    static byte[] docx(int words) throws IOException {
        try (XWPFDocument document = new XWPFDocument()) {
            document.createParagraph().createRun().setText("words ".repeat(words));
            return bytes(document::write);
        }
    }

    static byte[] xlsx() throws IOException {
        try (XSSFWorkbook book = new XSSFWorkbook()) {
            fill(book);
            return bytes(book::write);
        }
    }

    static byte[] xls() throws IOException {
        try (HSSFWorkbook book = new HSSFWorkbook()) {
            fill(book);
            return bytes(book::write);
        }
    }

    private static void fill(Workbook book) {
        Sheet prices = book.createSheet("Prices 2026");
        row(prices, 0, "Product", "Price", "Sold", "Number");
        Row tea = prices.createRow(1);
        tea.createCell(0).setCellValue("Tea");
        tea.createCell(1).setCellValue(3.5);
        tea.createCell(2).setCellValue(1_234_567);
        tea.createCell(3).setCellValue(4_006_381_333_931.0);
        Sheet dates = book.createSheet("Deliveries");
        Row first = dates.createRow(0);
        first.createCell(0).setCellValue("Hamburg");
        CellStyle date = book.createCellStyle();
        date.setDataFormat(book.createDataFormat().getFormat("yyyy-mm-dd"));
        first.createCell(1).setCellValue(LocalDate.of(2026, 11, 20));
        first.getCell(1).setCellStyle(date);
        CellStyle share = book.createCellStyle();
        share.setDataFormat(book.createDataFormat().getFormat("0.0%"));
        first.createCell(2).setCellValue(0.125);
        first.getCell(2).setCellStyle(share);
    }

    private static void row(Sheet sheet, int n, String... cells) {
        Row row = sheet.createRow(n);
        for (int i = 0; i < cells.length; i++) {
            row.createCell(i).setCellValue(cells[i]);
        }
    }

    static byte[] pptx() throws IOException {
        try (XMLSlideShow show = new XMLSlideShow()) {
            XSLFSlide first = show.createSlide();
            first.createTextBox().setText("Returns and refunds");
            XSLFSlide second = show.createSlide();
            second.createTextBox().setText("Refunds are paid within fourteen days.");
            var table = second.createTable(1, 2);
            table.getCell(0, 0).setText("Tea");
            table.getCell(0, 1).setText("3 EUR");
            return bytes(show::write);
        }
    }

    static byte[] ppt() throws IOException {
        try (HSLFSlideShow show = new HSLFSlideShow()) {
            show.createSlide().addTitle().setText("Returns and refunds");
            show.createSlide().addTitle().setText("Refunds are paid within fourteen days.");
            return bytes(show::write);
        }
    }

    /** @param format {@code text}, {@code spreadsheet}, {@code presentation} */
    static byte[] odf(String format, String body) throws IOException {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        String mime = "application/vnd.oasis.opendocument." + format;
        parts.put("mimetype", utf8(mime));
        parts.put("content.xml", utf8("""
                <?xml version="1.0" encoding="UTF-8"?>
                <office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
                    xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
                    xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
                    xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" office:version="1.3">
                <office:body><office:%s>%s</office:%s></office:body></office:document-content>
                """.formatted(format, body, format)));
        parts.put("META-INF/manifest.xml", utf8("""
                <?xml version="1.0" encoding="UTF-8"?>
                <manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
                <manifest:file-entry manifest:full-path="/" manifest:media-type="%s"/>
                <manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
                </manifest:manifest>""".formatted(mime)));
        return zip(parts);
    }

    static byte[] odt() throws IOException {
        return odf("text", """
                <text:h text:outline-level="1">Returns</text:h><text:p>Goods may be sent back.</text:p>
                <text:h text:outline-level="2">Refunds</text:h><text:p>Refunds are paid within fourteen days.</text:p>
                <table:table><table:table-row><table:table-cell><text:p>Tea</text:p></table:table-cell>
                <table:table-cell><text:p>3 EUR</text:p></table:table-cell></table:table-row></table:table>""");
    }

    static byte[] epub() throws IOException {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        parts.put("mimetype", utf8("application/epub+zip"));
        parts.put("META-INF/container.xml", utf8("""
                <?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
                <rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""));
        parts.put("book.opf", utf8("""
                <?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">
                <metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">1</dc:identifier>
                <dc:title>The shop's book</dc:title><dc:language>en</dc:language></metadata>
                <manifest><item id="b" href="b.xhtml" media-type="application/xhtml+xml"/>
                <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
                <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""));
        parts.put("b.xhtml", utf8(chapter("Refunds", "Refunds are paid within fourteen days.")));
        parts.put("a.xhtml", utf8(chapter("Returns", "Goods may be sent back.")));
        return zip(parts);
    }

    private static String chapter(String title, String text) {
        return "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>x</title></head><body><h1>"
                + title + "</h1><p>" + text + "</p></body></html>";
    }

    static byte[] eml() {
        return utf8("""
                From: Ann Example <ann@example.org>
                To: Shop <shop@example.org>, Bob <bob@example.org>
                Cc: carl@example.org
                Subject: Refund question
                Date: Fri, 20 Nov 2026 13:30:00 +0100
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="b"

                --b
                Content-Type: text/plain; charset=utf-8

                When is my refund paid?
                --b
                Content-Type: text/plain; name="receipt.txt"
                Content-Disposition: attachment; filename="receipt.txt"

                Receipt 4711 for one pound of tea.
                --b--
                """.replace("\n", "\r\n"));
    }

    static byte[] mbox() {
        return utf8("""
                From ann@example.org Fri Nov 20 12:00:00 2026
                From: Ann <ann@example.org>
                To: shop@example.org
                Subject: First
                Date: Fri, 20 Nov 2026 12:00:00 +0000

                When is my refund paid?

                From bob@example.org Fri Nov 20 13:00:00 2026
                From: Bob <bob@example.org>
                To: shop@example.org
                Subject: Second
                Date: Fri, 20 Nov 2026 13:00:00 +0000

                Where is my parcel?
                """);
    }

    /** @param password opens it, where there is one */
    static byte[] pdf(int pages, Optional<String> password) throws IOException {
        try (PDDocument document = new PDDocument()) {
            for (int i = 1; i <= pages; i++) {
                page(document, "This is page number " + i + " of a document about refunds and parcels.");
            }
            if (password.isPresent()) {
                document.protect(new StandardProtectionPolicy(password.get(), password.get(), new AccessPermission()));
            }
            return bytes(document::save);
        }
    }

    private static void page(PDDocument document, String text) throws IOException {
        PDPage page = new PDPage();
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(new PDType1Font(Standard14Fonts.FontName.HELVETICA), 12);
            content.newLineAtOffset(50, 700);
            content.showText(text);
            content.newLineAtOffset(0, -20);
            content.showText(
                    "Each page says a few words, so that it makes passages of its own, and then some more words after these "
                            + "until it is long enough.");
            content.endText();
        }
    }

    /** A form in XFA, XML within the PDF. */
    static byte[] pdfWithXfa(String xml) throws IOException {
        try (PDDocument document = new PDDocument()) {
            page(document, "A form.");
            PDAcroForm form = new PDAcroForm(document);
            document.getDocumentCatalog().setAcroForm(form);
            COSStream xfa = document.getDocument().createCOSStream();
            try (var out = xfa.createOutputStream()) {
                out.write(utf8(xml));
            }
            form.getCOSObject().setItem(COSName.XFA, xfa);
            return bytes(document::save);
        }
    }

    /** An Office file (DOCX, XLSX, PPTX) protected by a password as Office does it. */
    static byte[] encrypted(byte[] office, String password) throws IOException, GeneralSecurityException {
        try (POIFSFileSystem container = new POIFSFileSystem()) {
            var encryptor = new EncryptionInfo(EncryptionMode.agile).getEncryptor();
            encryptor.confirmPassword(password);
            try (var out = encryptor.getDataStream(container)) {
                out.write(office);
            }
            return bytes(container::writeFilesystem);
        }
    }

    /** The same file with one of its parts replaced. */
    static byte[] withPart(byte[] zip, String name, byte[] content) throws IOException {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        try (var in = new java.util.zip.ZipInputStream(new java.io.ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                parts.put(entry.getName(), in.readAllBytes());
            }
        }
        parts.put(name, content);
        return zip(parts);
    }

    static byte[] zip(Map<String, byte[]> parts) throws IOException {
        return bytes(out -> {
            try (ZipOutputStream zip = new ZipOutputStream(out)) {
                for (Map.Entry<String, byte[]> part : parts.entrySet()) {
                    ZipEntry entry = new ZipEntry(part.getKey());
                    if (part.getKey().equals("mimetype")) {
                        // Must stand first and as it is, for those who look at the first bytes.
                        CRC32 crc = new CRC32();
                        crc.update(part.getValue());
                        entry.setMethod(ZipEntry.STORED);
                        entry.setSize(part.getValue().length);
                        entry.setCrc(crc.getValue());
                    }
                    zip.putNextEntry(entry);
                    zip.write(part.getValue());
                    zip.closeEntry();
                }
            }
        });
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
