package io.kvasir.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.bench.Logistic.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LogisticTest {
    private static Example example(boolean yes, double weight, double... measures) {
        return new Example(measures, yes, weight);
    }

    @Test
    void saysTheOddsOfEachOfTwoGroups() {
        // Odds of 3 to 1 at 0 and of 1 to 4 at 10.
        Logistic fitted = Logistic.fit(
                List.of(example(true, 3, 0), example(false, 1, 0), example(true, 1, 10), example(false, 4, 10)), 0);

        assertThat(fitted.logOdds(new double[] {0})).isCloseTo(Math.log(3), Offset.offset(1e-8));
        assertThat(fitted.logOdds(new double[] {10})).isCloseTo(Math.log(0.25), Offset.offset(1e-8));
    }

    @Test
    void findsTheWeightsOfSeveralMeasures() {
        Random random = new Random(1);
        List<Example> examples = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            double x = random.nextGaussian();
            double y = 5 + 2 * random.nextGaussian() + x;
            examples.add(example(random.nextDouble() < Logistic.chance(-1 + 2 * x - 0.5 * y), 1, x, y));
        }

        Logistic fitted = Logistic.fit(examples, 0);

        assertThat(fitted.intercept()).isCloseTo(-1, Offset.offset(0.2));
        assertThat(fitted.weights()[0]).isCloseTo(2, Offset.offset(0.1));
        assertThat(fitted.weights()[1]).isCloseTo(-0.5, Offset.offset(0.05));
    }

    @Test
    void aRidgeKeepsWeightsSmallWhereOneMeasureTellsAll() {
        List<Example> examples = List.of(example(true, 1, 1), example(false, 1, 0));

        double loose = Logistic.fit(examples, 0.1).weights()[0];
        double tight = Logistic.fit(examples, 3).weights()[0];

        assertThat(tight).isPositive().isLessThan(loose);
        // Where the slope of the loss meets that of the penalty, the measure standing at -1 and 1: 2 (1 - chance) = 3
        // weight.
        double standardised = tight / 2;
        assertThat(2 * (1 - Logistic.chance(standardised))).isCloseTo(3 * standardised, Offset.offset(1e-8));
    }

    @Test
    void aMeasureThatNeverChangesSaysNothing() {
        Logistic fitted = Logistic.fit(List.of(example(true, 3, 7), example(false, 1, 7)), 1);

        assertThat(fitted.weights()[0]).isZero();
        assertThat(fitted.intercept()).isCloseTo(Math.log(3), Offset.offset(1e-8));
    }

    @Test
    void nothingCannotBeFittedTo() {
        assertThatThrownBy(() -> Logistic.fit(List.of(), 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
