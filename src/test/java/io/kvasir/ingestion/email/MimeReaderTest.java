package io.kvasir.ingestion.email;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every MIME sample is read as the tree it is said to be, or stands below with the reason why not. */
class MimeReaderTest {
    private static final Path SAMPLES = Path.of(System.getenv().getOrDefault("KVASIR_TEST_DATA", "../shared/data"))
            .resolve("email/mime4j");

    /** Where our tree differs from the expected one, and why that is meant so. */
    private static final Map<String, String> DIFFERENCES = Map.of(
            "malformedHeaderStartsBody-nocrlfcrlf.msg",
            "A line within the head that is no field is passed over: taking it for the beginning of the body, as this"
                    + " sample wants, would lose sender and subject wherever a program left such a line");

    /** No mail at all, and why. */
    private static final Map<String, String> PUT_ASIDE =
            Map.of("malformedHeader-noheader.msg", "empty", "malformedHeaderStartsBody-noheader.msg", "empty");

    static Stream<Path> samples() throws IOException {
        try (Stream<Path> files = Files.walk(SAMPLES)) {
            return files.filter(f -> f.toString().endsWith(".msg")).sorted().toList().stream();
        }
    }

    @Test
    void allSamplesAreThere() throws IOException {
        assertThat(samples()).hasSize(80);
        assertThat(DIFFERENCES.keySet())
                .isSubsetOf(samples().map(f -> f.getFileName().toString()).toList());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void readsTheTree(Path sample) throws Exception {
        String name = sample.getFileName().toString();
        Path folder = sample.getParent();
        Path expected = folder.resolve(name.replace(".msg", "_decoded.xml"));
        Element xml = Jsoup.parse(Files.readString(expected, StandardCharsets.ISO_8859_1), "", Parser.xmlParser())
                .firstElementChild();
        List<String> want = new ArrayList<>();
        expected(folder, xml, 0, want);
        List<String> have = new ArrayList<>();
        if (PUT_ASIDE.containsKey(name)) {
            assertThatThrownBy(() -> MimeReader.read(Files.newInputStream(sample)))
                    .isInstanceOfSatisfying(
                            UnreadableMail.class, e -> assertThat(e.code()).isEqualTo(PUT_ASIDE.get(name)));
            return;
        }
        try (var in = Files.newInputStream(sample)) {
            actual(MimeReader.read(in), 0, have);
        }
        if (DIFFERENCES.containsKey(name)) {
            assertThat(have).as(name + " differs no longer").isNotEqualTo(want);
        } else {
            assertThat(have).isEqualTo(want);
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everySampleIsALetterToo(Path sample) throws Exception {
        if (PUT_ASIDE.containsKey(sample.getFileName().toString())) {
            return;
        }
        try (var in = Files.newInputStream(sample)) {
            Letter letter = Letter.read(in);
            assertThat(letter.id()).isNotBlank();
            assertThat(letter.said()).isNotNull();
        }
    }

    @Test
    void refusesPartsWithinPartsWithoutEnd() {
        StringBuilder bomb = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            bomb.append("Content-Type: multipart/mixed; boundary=b")
                    .append(i)
                    .append("\r\n\r\n--b")
                    .append(i)
                    .append("\r\n");
        }
        assertThatThrownBy(() -> Letter.read(bytes(bomb.toString())))
                .isInstanceOfSatisfying(
                        UnreadableMail.class, e -> assertThat(e.code()).isEqualTo("bomb"));
    }

    @Test
    void refusesMorePartsThanAMailHas() {
        String bomb =
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "--b\r\n\r\nx\r\n".repeat(3_000) + "--b--\r\n";
        assertThatThrownBy(() -> Letter.read(bytes(bomb)))
                .isInstanceOfSatisfying(
                        UnreadableMail.class, e -> assertThat(e.code()).isEqualTo("bomb"));
    }

    @Test
    void putsEncryptedAndEmptyMailAside() {
        assertThatThrownBy(() -> Letter.read(
                        bytes("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nAAAA")))
                .isInstanceOfSatisfying(
                        UnreadableMail.class, e -> assertThat(e.code()).isEqualTo("encrypted"));
        assertThatThrownBy(() -> Letter.read(bytes("")))
                .isInstanceOfSatisfying(
                        UnreadableMail.class, e -> assertThat(e.code()).isEqualTo("empty"));
    }

    private static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Preambles and epilogues are left out: nobody is shown them, so our tree does not keep them. */
    private static void expected(Path folder, Element element, int depth, List<String> into) {
        for (Element child : element.children()) {
            switch (child.normalName()) {
                case "header" -> child.select("> field").forEach(f -> into.add(line(depth, "field", f.wholeText())));
                case "message", "body-part" -> {
                    into.add(line(depth, "part", ""));
                    expected(folder, child, depth + 1, into);
                }
                case "multipart" -> expected(folder, child, depth, into);
                case "text-body", "binary-body" ->
                    into.add(line(depth, "body", file(folder.resolve(child.attr("name")))));
                default -> {}
            }
        }
    }

    private static void actual(MimePart part, int depth, List<String> into) {
        part.headers().forEach(h -> into.add(line(depth, "field", h.raw())));
        if (part.parts().isEmpty() && !(part.multipart() && part.body().isEmpty())) {
            // What is no text is not among the samples' expected files.
            boolean binary =
                    !part.mediaType().startsWith("text/") && !part.mediaType().startsWith("message/");
            into.add(line(depth, "body", binary ? "(binary)" : part.body().decodeString(StandardCharsets.ISO_8859_1)));
        }
        for (MimePart inner : part.parts()) {
            into.add(line(depth, "part", ""));
            actual(inner, depth + 1, into);
        }
    }

    private static String file(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "(binary)";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String line(int depth, String what, String text) {
        return " ".repeat(depth) + what + " " + text.replace("\r", "").strip();
    }
}
