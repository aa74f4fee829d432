package io.kvasir.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A small storm; {@code ./dev bench crawl 10000} is a large one. */
@Tag("alone")
class CrawlStormTest {
    @TempDir
    Path folder;

    @Test
    void aCrawlThatIsKilledTwiceEndsWithEveryPageOnce() throws Exception {
        try (CrawlStorm storm = new CrawlStorm(folder, 150)) {
            Map<String, Long> told = storm.run(2, "512m");
            assertThat(told.get("searchable")).isEqualTo(150);
        }
    }
}
