package io.kvasir.bench;

import java.util.List;

/**
 * A logistic regression: the log-odds of yes are the intercept plus the weighted measures.
 *
 * @param weights one for each measure, in order
 */
record Logistic(double intercept, double[] weights) {
    private static final int MOST_STEPS = 50;
    private static final double SETTLED = 1e-10;

    /** @param weight how much it counts, above 0 */
    record Example(double[] measures, boolean yes, double weight) {}

    /**
     * By Newton steps (iteratively reweighted least squares).
     *
     * @param ridge penalty on the squares of the weights, as they are with all measures brought to mean 0 and variance 1
     * @throws IllegalArgumentException without examples
     */
    static Logistic fit(List<Example> examples, double ridge) {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("nothing to fit to");
        }
        int n = examples.getFirst().measures().length;
        double[] mean = new double[n];
        double[] deviation = new double[n];
        standards(examples, mean, deviation);
        double[] beta = new double[n + 1]; // the intercept last
        for (int step = 0; step < MOST_STEPS; step++) {
            double[] gradient = new double[n + 1];
            double[][] curvature = new double[n + 1][n + 1];
            for (Example one : examples) {
                double[] x = new double[n + 1];
                x[n] = 1;
                double odds = beta[n];
                for (int i = 0; i < n; i++) {
                    x[i] = (one.measures()[i] - mean[i]) / deviation[i];
                    odds += beta[i] * x[i];
                }
                double chance = chance(odds);
                for (int i = 0; i <= n; i++) {
                    gradient[i] += one.weight() * ((one.yes() ? 1 : 0) - chance) * x[i];
                    for (int j = 0; j <= n; j++) {
                        curvature[i][j] += one.weight() * chance * (1 - chance) * x[i] * x[j];
                    }
                }
            }
            for (int i = 0; i < n; i++) {
                gradient[i] -= ridge * beta[i];
                curvature[i][i] += ridge;
            }
            double[] by = solve(curvature, gradient);
            double most = 0;
            for (int i = 0; i <= n; i++) {
                beta[i] += by[i];
                most = Math.max(most, Math.abs(by[i]));
            }
            if (most < SETTLED) {
                break;
            }
        }
        double intercept = beta[n];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            weights[i] = beta[i] / deviation[i];
            intercept -= weights[i] * mean[i];
        }
        return new Logistic(intercept, weights);
    }

    double logOdds(double[] measures) {
        double odds = intercept;
        for (int i = 0; i < weights.length; i++) {
            odds += weights[i] * measures[i];
        }
        return odds;
    }

    static double chance(double logOdds) {
        return 1 / (1 + Math.exp(-logOdds));
    }

    private static void standards(List<Example> examples, double[] mean, double[] deviation) {
        double all = examples.stream().mapToDouble(Example::weight).sum();
        for (int i = 0; i < mean.length; i++) {
            for (Example one : examples) {
                mean[i] += one.weight() * one.measures()[i] / all;
            }
            double squares = 0;
            for (Example one : examples) {
                double off = one.measures()[i] - mean[i];
                squares += one.weight() * off * off / all;
            }
            deviation[i] = squares == 0 ? 1 : Math.sqrt(squares);
        }
    }

    /** Gauss with pivots; both are used up. */
    private static double[] solve(double[][] a, double[] b) {
        int n = b.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                pivot = Math.abs(a[row][column]) > Math.abs(a[pivot][column]) ? row : pivot;
            }
            double[] line = a[pivot];
            a[pivot] = a[column];
            a[column] = line;
            double value = b[pivot];
            b[pivot] = b[column];
            b[column] = value;
            for (int row = column + 1; row < n; row++) {
                double factor = a[row][column] / a[column][column];
                b[row] -= factor * b[column];
                for (int i = column; i < n; i++) {
                    a[row][i] -= factor * a[column][i];
                }
            }
        }
        for (int row = n - 1; row >= 0; row--) {
            for (int i = row + 1; i < n; i++) {
                b[row] -= a[row][i] * b[i];
            }
            b[row] /= a[row][row];
        }
        return b;
    }
}
