package io.kvasir.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SlopeTest {
    /** Of a textbook's example: Draper and Smith's way, checked by hand. */
    @Test
    void theLineOfFivePoints() {
        Slope slope = Slope.of(new double[] {1, 2, 3, 4, 5}, new double[] {2.2, 3.9, 6.1, 8.2, 9.6});
        assertThat(slope.perUnit()).isCloseTo(1.91, within(1e-9));
        assertThat(slope.mean()).isCloseTo(6.0, within(1e-9));
        // The rest is 0.179, so the slope's error is sqrt(0.179 / 3 / 10) = 0.0772, and t with three degrees is 3.182.
        assertThat(slope.high() - slope.perUnit()).isCloseTo(0.2458, within(1e-3));
        assertThat(slope.perUnit() - slope.low()).isCloseTo(0.2458, within(1e-3));
    }

    @Test
    void nineteenOfTwentyIntervalsHoldTheTruth() {
        Random random = new Random(7);
        int held = 0;
        for (int run = 0; run < 2_000; run++) {
            double[] x = new double[60];
            double[] y = new double[60];
            for (int i = 0; i < x.length; i++) {
                x[i] = i / 60.0;
                y[i] = 100 + 3 * x[i] + random.nextGaussian();
            }
            Slope slope = Slope.of(x, y);
            held += slope.low() <= 3 && 3 <= slope.high() ? 1 : 0;
        }
        assertThat(held / 2_000.0).isCloseTo(0.95, within(0.015));
    }

    @Test
    void twoPointsAreNoEvidence() {
        assertThatThrownBy(() -> Slope.of(new double[] {1, 2}, new double[] {1, 2}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Slope.of(new double[] {1, 1, 1}, new double[] {1, 2, 3}))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
