package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever a document makes of its parser costs that document, and the next is read. */
class ParserProcessTest {
    @TempDir
    static Path folder;

    private static Desk desk;

    @BeforeAll
    static void open() throws IOException {
        // A name that XML and command lines could trip over.
        desk = new Desk(folder.resolve("wörk & <tmp> 'q'"), 1, 1, Duration.ofSeconds(4));
    }

    @AfterAll
    static void close() {
        desk.close();
    }

    private static void assertTheNextIsRead() {
        Desk.Sheet next = desk.sheet("next.html").of("<p>Refunds are paid.</p>");
        next.staged();
        assertThat(next.text()).isEqualTo("Refunds are paid.\n\n");
    }

    @ParameterizedTest
    @CsvSource({"hang,timeout", "memory,too-large", "halt,corrupt", "stack,corrupt", "bug,corrupt"})
    void aDeedCostsItsFileOnly(String deed, String code) {
        desk.sheet("a.hostile")
                .of("HOSTILE " + deed + " " + folder.resolve(deed).toString().replace(' ', '_'))
                .assertFailed(code);

        assertTheNextIsRead();
    }

    @Test
    void aProcessThatSomethingOutsideKilledSaysNothingAboutTheFile() {
        desk.sheet("a.hostile").of("HOSTILE killed").assertFailed("unavailable");

        assertTheNextIsRead();
    }

    @Test
    void aParserThatPrintsDoesNotSpeakForUs() {
        Desk.Sheet sheet = desk.sheet("a.hostile").of("HOSTILE noise");

        assertThat(sheet.staged().mediaType()).isEqualTo("application/vnd.oasis.opendocument.x-hostile");
        assertThat(sheet.text()).isEqualTo("Before the deed.\n\n");
    }

    @Test
    void aParserSeesNoneOfOurEnvironmentAndHasAFolderOfItsOwn() {
        Desk.Sheet sheet = desk.sheet("a.hostile").of("HOSTILE look");
        sheet.staged();

        assertThat(System.getenv()).containsKey("PATH");
        assertThat(sheet.text())
                .contains("environment [")
                .doesNotContain("PATH")
                .doesNotContain("HOME")
                .doesNotContain("KVASIR")
                .contains("temporary " + folder.resolve("wörk & <tmp> 'q'").resolve("tmp"));
    }

    @Test
    void aParserReachesNobody() throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Desk.Sheet sheet = desk.sheet("a.hostile").of("HOSTILE dial " + listener.getLocalPort());
            sheet.staged();

            assertThat(sheet.text()).contains("refused 3 of 3");
            assertThat(connected(listener)).isFalse();
        }
    }

    private static boolean connected(ServerSocket listener) throws IOException {
        listener.setSoTimeout(1);
        try {
            listener.accept().close();
            return true;
        } catch (SocketTimeoutException nobody) {
            return false;
        }
    }

    @Test
    void aStoreThatStaysAwayEndsAfterAFewTries() {
        desk.index.failures.set(Integer.MAX_VALUE);
        try {
            desk.sheet("a.txt").of("One sentence.").assertFailed("unavailable");
        } finally {
            desk.index.failures.set(0);
        }
        assertThat(desk.sheet("b.txt").of("One sentence.").result()).isInstanceOf(Result.Staged.class);
    }
}
