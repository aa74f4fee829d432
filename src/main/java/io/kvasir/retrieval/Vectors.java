package io.kvasir.retrieval;

/** Arithmetic of unit vectors. */
final class Vectors {
    private Vectors() {}

    /** Cosine similarity of two unit vectors of the same length. */
    static double cosine(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
