package io.kvasir.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceParentTest {
    @Test
    void isReadAsItIsWritten() {
        TraceParent read = TraceParent.read("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
                .orElseThrow();

        assertThat(read.trace()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(read.span()).isEqualTo("b7ad6b7169203331");
        assertThat(read.flags()).isEqualTo("01");
    }

    /** What the recommendation calls invalid, and what is of a version to come. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            })
    void somethingElseIsNone(String header) {
        assertThat(TraceParent.read(header)).isEmpty();
    }
}
