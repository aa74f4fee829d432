package io.kvasir.retrieval.lucene;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.PassageIndex;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kill -9} at any moment: what was acknowledged is there, once. */
class KilledIndexTest {
    private static final int KILLS = 3;

    @TempDir
    Path folder;

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());

    @Test
    void everyAcknowledgedRevisionIsWholeAfterAKill() throws Exception {
        Random random = new Random(7);
        long acknowledged = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            acknowledged = killedAfter(acknowledged + 1, 1 + random.nextInt(15), random.nextInt(20));

            try (PassageIndex index = LucenePassageIndex.open(folder)) {
                for (long revision = 1; revision <= acknowledged; revision++) {
                    assertThat(index.count(scope, revision)
                                    .toCompletableFuture()
                                    .join())
                            .as("revision %d", revision)
                            .isEqualTo(PublishingProcess.PASSAGES);
                }
            }
        }
    }

    /** @return the last revision the process was told is published */
    private long killedAfter(long first, int publications, int halfMillis) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "@conf/jvm.options",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PublishingProcess.class.getName(),
                        folder.toString(),
                        scope.key(),
                        Long.toString(first)))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        long last = first - 1;
        try (BufferedReader lines = process.inputReader()) {
            for (int i = 0; i < publications; i++) {
                last = Long.parseLong(lines.readLine());
            }
            // Into the middle of the next publication, at a point that differs from kill to kill.
            long until = System.nanoTime() + halfMillis * 500_000L;
            while (System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            // Through its handle: the process itself would close the pipe with what it last said.
            process.toHandle().destroyForcibly();
            process.waitFor();
            for (String line = lines.readLine(); line != null && !line.isBlank(); line = lines.readLine()) {
                last = Math.max(last, Long.parseLong(line));
            }
        }
        return last;
    }
}
