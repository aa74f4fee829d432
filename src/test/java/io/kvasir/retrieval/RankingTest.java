package io.kvasir.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.PassageIndex.Candidates;
import io.kvasir.retrieval.PassageIndex.Scored;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Fusion, calibration and diversity: arithmetic, no index. */
class RankingTest {
    private static final SourceVersion SOURCE = new SourceVersion(new SourceId("s"), 1);
    private static final Offset<Double> CLOSE = Offset.offset(1e-9);

    private static Passage passage(String id) {
        return new Passage(
                new PassageId(id), SOURCE, 0, "t", Optional.empty(), id, 0, 1, Optional.empty(), List.of(), "en");
    }

    private static Scored scored(String id, double score) {
        return new Scored(passage(id), score);
    }

    private static List<String> ids(List<Fusion.Fused> fused) {
        return fused.stream().map(f -> f.passage().id().value()).toList();
    }

    @Test
    void addsBothLegsByWeight() {
        Candidates candidates = new Candidates(List.of(scored("a", 0.8)), List.of(scored("a", 6)), 12, Map.of());

        Fusion.Fused fused = Fusion.fuse(candidates, new float[] {1}, SearchMode.HYBRID, 0.7, 1)
                .getFirst();

        assertThat(fused.score()).isCloseTo(0.7 * 2 * 0.8 + 0.3 * 0.5, CLOSE);
    }

    @Test
    void anUntrustedDenseLegOnlyBreaksTies() {
        Candidates candidates = new Candidates(
                List.of(scored("dense", 0.95), scored("a", 0.2), scored("b", 0.3)),
                List.of(scored("a", 6), scored("b", 6)),
                12,
                Map.of());

        assertThat(ids(Fusion.fuse(candidates, new float[] {1}, SearchMode.HYBRID, 0.7, 0)))
                .containsExactly("b", "a", "dense");
    }

    @Test
    void anUntrustedDenseLegStillAnswersAloneWhenNoWordMatches() {
        Candidates candidates = new Candidates(List.of(scored("a", 0.9)), List.of(), 12, Map.of());

        assertThat(Fusion.fuse(candidates, new float[] {1}, SearchMode.HYBRID, 0.7, 0)
                        .getFirst()
                        .score())
                .isCloseTo(1.8, CLOSE);
    }

    @Test
    void takesTheCosineOfAKeywordHitFromItsVector() {
        Candidates candidates = new Candidates(
                List.of(), List.of(scored("a", 6)), 12, Map.of(new PassageId("a"), new float[] {0.6f, 0.8f}));

        assertThat(Fusion.fuse(candidates, new float[] {1, 0}, SearchMode.HYBRID, 0.7, 1)
                        .getFirst()
                        .cosine())
                .isCloseTo(0.6, Offset.offset(1e-6));
    }

    @Test
    void aSettingOfZeroSilencesTheDenseLeg() {
        Candidates candidates = new Candidates(List.of(scored("dense", 1)), List.of(scored("word", 1)), 12, Map.of());

        assertThat(ids(Fusion.fuse(candidates, new float[] {1}, SearchMode.HYBRID, 0, 1)))
                .startsWith("word");
    }

    @Test
    void equalScoresKeepOneOrder() {
        Candidates one = new Candidates(List.of(scored("b", 0.5), scored("a", 0.5)), List.of(), 1, Map.of());
        Candidates other = new Candidates(List.of(scored("a", 0.5), scored("b", 0.5)), List.of(), 1, Map.of());

        assertThat(ids(Fusion.fuse(one, new float[] {1}, SearchMode.DENSE, 1, 1)))
                .isEqualTo(ids(Fusion.fuse(other, new float[] {1}, SearchMode.DENSE, 1, 1)));
    }

    @Test
    void trustRunsFromForeignToFluent() {
        assertThat(List.of(0.0, 0.3, 0.5, 0.7, 1.0).stream().map(Fusion::trust))
                .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : Double.compare(a, b))
                .containsExactly(0.0, 0.0, 0.5, 1.0, 1.0);
    }

    @Test
    void relevanceIsAChanceAndNeverChangesRanks() {
        for (SearchMode mode : SearchMode.values()) {
            for (double trust : new double[] {0, 0.5, 1}) {
                List<Double> chances = new ArrayList<>();
                for (double s = 0; s <= 1; s += 0.05) {
                    chances.add(Calibration.relevance(
                            mode,
                            new Fusion.Fused(passage("a"), s, s, 2 * s, Optional.empty(), Optional.empty()),
                            trust));
                }
                assertThat(chances).isSorted().allMatch(c -> c >= 0 && c <= 1);
            }
        }
    }

    private static Retrieval.Found found(String id, double score) {
        return new Retrieval.Found(passage(id), score, Map.of());
    }

    private static final Map<PassageId, float[]> VECTORS = new HashMap<>(Map.of(
            new PassageId("a"), new float[] {1, 0},
            new PassageId("twin"), new float[] {1, 0},
            new PassageId("other"), new float[] {0, 1}));

    private static List<String> chosen(double lambda, int most) {
        return Diversity.choose(
                        List.of(found("a", 0.9), found("twin", 0.89), found("other", 0.5)), VECTORS, lambda, most)
                .stream()
                .map(f -> f.passage().id().value())
                .toList();
    }

    @Test
    void diversityPrefersTheUnlikeOverTheTwin() {
        assertThat(chosen(0.5, 2)).containsExactly("a", "other");
    }

    @Test
    void withoutDiversityRelevanceAloneCounts() {
        assertThat(chosen(1, 2)).containsExactly("a", "twin");
    }

    @Test
    void diversityGivesAllWhereFewAreFound() {
        assertThat(chosen(0.5, 10)).containsExactlyInAnyOrder("a", "twin", "other");
    }
}
