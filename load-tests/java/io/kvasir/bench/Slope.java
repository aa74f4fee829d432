package io.kvasir.bench;

/**
 * A straight line through points, by least squares, and how sure its slope is.
 *
 * @param perUnit of y for each unit of x
 * @param low and {@code high}: the slope lies between them with 95 % confidence, where the points lie around the line
 *     independently of each other
 * @param mean of y
 */
record Slope(double perUnit, double low, double high, double mean) {
    /** Student's t at 0.975 for 1 to 30 degrees of freedom; beyond, the expansion 1.96 + 2.4 / freedom is close to 0.5 %. */
    private static final double[] T = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    /** @throws IllegalArgumentException for fewer than three points, or for points above each other */
    static Slope of(double[] x, double[] y) {
        int n = x.length;
        if (n < 3 || y.length != n) {
            throw new IllegalArgumentException("a line with its confidence needs three points");
        }
        double meanX = java.util.Arrays.stream(x).average().orElseThrow();
        double meanY = java.util.Arrays.stream(y).average().orElseThrow();
        double xx = 0;
        double xy = 0;
        for (int i = 0; i < n; i++) {
            xx += (x[i] - meanX) * (x[i] - meanX);
            xy += (x[i] - meanX) * (y[i] - meanY);
        }
        if (xx == 0) {
            throw new IllegalArgumentException("all points are above each other");
        }
        double slope = xy / xx;
        double rest = 0;
        for (int i = 0; i < n; i++) {
            double off = y[i] - meanY - slope * (x[i] - meanX);
            rest += off * off;
        }
        double error = Math.sqrt(rest / (n - 2) / xx);
        double t = n - 2 <= T.length ? T[n - 3] : 1.96 + 2.4 / (n - 2);
        return new Slope(slope, slope - t * error, slope + t * error, meanY);
    }
}
