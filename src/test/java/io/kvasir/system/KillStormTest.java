package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KillStormTest {
    @TempDir
    Path folder;

    @Test
    void twentyKillsLoseNothingThatWasAcknowledged() throws Exception {
        try (KillStorm storm = new KillStorm(folder, 20_261_120)) {
            Map<String, Integer> happened = storm.run(20);

            assertThat(happened.get("kills")).isEqualTo(20);
            // Otherwise the storm would have proved nothing.
            assertThat(happened.get("added")).isGreaterThan(20);
            assertThat(happened.get("answered")).isGreaterThan(5);
            assertThat(happened.get("replies found cut")).isGreaterThan(0);
        }
    }
}
