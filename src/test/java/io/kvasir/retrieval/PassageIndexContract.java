package io.kvasir.retrieval;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every passage index promises. A back end supplies the object, and one opened anew on what survived a kill. */
public abstract class PassageIndexContract {
    protected static final int DIMENSIONS = 384;

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
    private final SourceVersion source = new SourceVersion(SourceId.next(), 1);

    protected abstract MovableIndex index();

    /** An index for the vectors of another model, of 8 dimensions, in the same place; the contract closes it. */
    protected abstract MovableIndex beside() throws Exception;

    /** Another index on the bytes that would be there if the process were killed now. */
    protected abstract PassageIndex afterAKill() throws Exception;

    protected static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    protected static float[] vector(int seed) {
        Random random = new Random(seed);
        float[] vector = new float[DIMENSIONS];
        double squares = 0;
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
            squares += vector[i] * vector[i];
        }
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] /= (float) Math.sqrt(squares);
        }
        return vector;
    }

    public static EmbeddedPassage passage(
            Scope scope, SourceVersion source, int ordinal, String language, String text) {
        return new EmbeddedPassage(
                new Passage(
                        Passage.identity(scope, source, ordinal),
                        source,
                        ordinal,
                        "A title",
                        Optional.of("https://example.org/a"),
                        text,
                        10 * ordinal,
                        10 * ordinal + text.length(),
                        Optional.of(3),
                        List.of("Chapter", "Section"),
                        language),
                vector(ordinal + text.hashCode()));
    }

    private void publish(Scope scope, long revision, SourceVersion source, String... texts) {
        List<EmbeddedPassage> passages = IntStream.range(0, texts.length)
                .mapToObj(i -> passage(scope, source, i, "en", texts[i]))
                .toList();
        join(index().stage(scope, passages));
        join(index().publish(scope, revision, Set.of(source), Set.of()));
    }

    private List<String> keyword(PassageIndex index, Scope scope, long revision, String question) {
        return join(index.search(
                        scope, revision, new PassageIndex.Query(question, new float[0], SearchMode.KEYWORD, 10)))
                .keyword()
                .stream()
                .map(hit -> hit.passage().text())
                .toList();
    }

    private List<String> keyword(long revision, String question) {
        return keyword(index(), scope, revision, question);
    }

    @Test
    void findsByWordsAndGivesThePassageBackWhole() {
        publish(scope, 1, source, "Refunds are paid within 14 days.", "Parcels leave on Mondays.");

        PassageIndex.Candidates found = join(index().search(
                        scope, 1, new PassageIndex.Query("When is a refund paid?", vector(1), SearchMode.KEYWORD, 10)));

        assertThat(found.keyword()).hasSize(1);
        assertThat(found.keyword().getFirst().passage())
                .isEqualTo(passage(scope, source, 0, "en", "Refunds are paid within 14 days.")
                        .passage());
        assertThat(found.dense()).isEmpty();
        assertThat(found.keywordIdeal())
                .isGreaterThan(found.keyword().getFirst().score());
    }

    @Test
    void findsByVectorWithTheCosineAsScore() {
        EmbeddedPassage one = passage(scope, source, 0, "en", "one");
        EmbeddedPassage two = passage(scope, source, 1, "en", "two");
        join(index().stage(scope, List.of(one, two)));
        join(index().publish(scope, 1, Set.of(source), Set.of()));

        PassageIndex.Candidates found =
                join(index().search(scope, 1, new PassageIndex.Query("", two.vector(), SearchMode.DENSE, 10)));

        assertThat(found.dense().getFirst().passage()).isEqualTo(two.passage());
        assertThat(found.dense().getFirst().score()).isCloseTo(1, org.assertj.core.data.Offset.offset(1e-4));
        assertThat(found.dense().getLast().score())
                .isCloseTo(Vectors.cosine(one.vector(), two.vector()), org.assertj.core.data.Offset.offset(1e-4));
        assertThat(found.vectors().get(one.passage().id())).isEqualTo(one.vector());
        assertThat(found.keyword()).isEmpty();
    }

    @Test
    void nobodySeesAStagedPassage() {
        join(index().stage(scope, List.of(passage(scope, source, 0, "en", "secret"))));

        assertThat(keyword(Long.MAX_VALUE - 1, "secret")).isEmpty();
        assertThat(join(index().count(scope, 5))).isZero();
    }

    @Test
    void aRevisionSeesTheOldOrTheNewNeverBothNorNeither() {
        publish(scope, 1, source, "alpha old");
        SourceVersion next = new SourceVersion(source.source(), 2);
        join(index().stage(scope, List.of(passage(scope, next, 0, "en", "alpha new"))));

        assertThat(keyword(1, "alpha")).containsExactly("alpha old");

        join(index().publish(scope, 2, Set.of(next), Set.of(source)));

        assertThat(keyword(1, "alpha")).containsExactly("alpha old");
        assertThat(keyword(2, "alpha")).containsExactly("alpha new");
        assertThat(keyword(0, "alpha")).isEmpty();
    }

    @Test
    void everyCallMayBeRepeated() {
        publish(scope, 1, source, "alpha");
        SourceVersion next = new SourceVersion(source.source(), 2);
        for (int i = 0; i < 3; i++) {
            join(index().stage(scope, List.of(passage(scope, next, 0, "en", "beta"))));
        }
        for (int i = 0; i < 3; i++) {
            join(index().publish(scope, 2, Set.of(next), Set.of(source)));
        }

        assertThat(join(index().count(scope, 2))).isEqualTo(1);
        assertThat(keyword(2, "alpha beta")).containsExactly("beta");
    }

    @Test
    void aSecondPublicationTakesNothingFromReadersOfTheFirst() {
        publish(scope, 1, source, "alpha");
        SourceVersion gone = new SourceVersion(SourceId.next(), 1);
        publish(scope, 1, gone, "beta");
        join(index().publish(scope, 2, Set.of(), Set.of(gone)));

        // Said again by whoever did not hear that it took place.
        join(index().publish(scope, 4, Set.of(source), Set.of(gone)));

        assertThat(keyword(2, "alpha beta")).containsExactly("alpha");
        assertThat(keyword(4, "alpha beta")).containsExactly("alpha");
    }

    @Test
    void aRepeatedJobDoesNotHideWhatIsPublished() {
        publish(scope, 1, source, "alpha");
        join(index().stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));

        assertThat(keyword(1, "alpha")).containsExactly("alpha");
    }

    @Test
    void whatIsPublishedSurvivesAKill() throws Exception {
        publish(scope, 1, source, "alpha");

        try (PassageIndex survivor = afterAKill()) {
            assertThat(keyword(survivor, scope, 1, "alpha")).containsExactly("alpha");
        }
    }

    @Test
    void whatIsStagedSurvivesAKill() throws Exception {
        join(index().stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));

        try (PassageIndex survivor = afterAKill()) {
            join(survivor.publish(scope, 1, Set.of(source), Set.of()));
            assertThat(keyword(survivor, scope, 1, "alpha")).containsExactly("alpha");
        }
    }

    @Test
    void discardsOnlyWhatIsStaged() {
        publish(scope, 1, source, "kept");
        SourceVersion next = new SourceVersion(source.source(), 2);
        join(index().stage(scope, List.of(passage(scope, next, 0, "en", "dropped"))));

        join(index().discard(scope, next));
        join(index().discard(scope, source));
        join(index().publish(scope, 2, Set.of(next), Set.of()));

        assertThat(keyword(2, "kept dropped")).containsExactly("kept");
    }

    @Test
    void purgesWhatNoKeptRevisionSees() {
        publish(scope, 1, source, "old");
        SourceVersion next = new SourceVersion(source.source(), 2);
        join(index().stage(scope, List.of(passage(scope, next, 0, "en", "new"))));
        join(index().publish(scope, 2, Set.of(next), Set.of(source)));
        SourceVersion waiting = new SourceVersion(source.source(), 3);
        join(index().stage(scope, List.of(passage(scope, waiting, 0, "en", "waiting"))));
        PassageId old = Passage.identity(scope, source, 0);

        join(index().purge(scope, 1));
        assertThat(keyword(1, "old")).containsExactly("old");

        join(index().purge(scope, 2));
        assertThat(join(index().passages(scope, Set.of(old)))).isEmpty();
        assertThat(keyword(2, "new")).containsExactly("new");
        join(index().publish(scope, 3, Set.of(waiting), Set.of()));
        assertThat(keyword(3, "waiting")).containsExactly("waiting");
    }

    @Test
    void eachScopeIsAloneInEveryCall() {
        Scope other = new Scope(TenantId.next(), scope.knowledgeBase());
        publish(scope, 1, source, "alpha mine");
        publish(other, 1, source, "alpha theirs");
        PassageId theirs = Passage.identity(other, source, 0);

        assertThat(keyword(1, "alpha")).containsExactly("alpha mine");
        assertThat(join(index().search(scope, 1, new PassageIndex.Query("", vector(1), SearchMode.DENSE, 10)))
                        .dense())
                .extracting(hit -> hit.passage().text())
                .containsExactly("alpha mine");
        assertThat(join(index().passages(scope, Set.of(theirs)))).isEmpty();
        assertThat(join(index().count(scope, 1))).isEqualTo(1);

        join(index().publish(scope, 2, Set.of(), Set.of(source)));
        join(index().purge(scope, 5));
        join(index().discard(scope, source));
        join(index().erase(scope));
        assertThat(keyword(index(), other, 9, "alpha")).containsExactly("alpha theirs");
    }

    @Test
    void howRareAWordIsDoesNotDependOnOtherTenants() {
        publish(scope, 1, source, "alpha", "beta", "gamma");
        PassageIndex.Query query = new PassageIndex.Query("alpha", new float[0], SearchMode.KEYWORD, 10);
        double before =
                join(index().search(scope, 1, query)).keyword().getFirst().score();

        publish(new Scope(TenantId.next(), KnowledgeBaseId.next()), 1, source, "alpha", "alpha", "alpha", "alpha");

        assertThat(join(index().search(scope, 1, query)).keyword().getFirst().score())
                .isCloseTo(before, org.assertj.core.data.Offset.offset(1e-6));
    }

    @Test
    void askingAsOfARevisionGivesTheScoresItGaveThen() {
        publish(scope, 1, source, "alpha", "beta", "gamma");
        PassageIndex.Query query = new PassageIndex.Query("alpha", new float[0], SearchMode.KEYWORD, 10);
        double then = join(index().search(scope, 1, query)).keyword().getFirst().score();

        publish(scope, 2, new SourceVersion(SourceId.next(), 1), "alpha alpha alpha", "alpha");

        assertThat(join(index().search(scope, 1, query)).keyword().getFirst().score())
                .isCloseTo(then, org.assertj.core.data.Offset.offset(1e-6));
    }

    @Test
    void refusesWorkOnceClosed() {
        index().close();

        assertThat(index().count(scope, 1).toCompletableFuture()).isCompletedExceptionally();
        assertThat(index().erase(scope).toCompletableFuture()).isCompletedExceptionally();
        index().close();
    }

    @Test
    void erasesAScope() {
        publish(scope, 1, source, "alpha");
        join(index().erase(scope));

        assertThat(join(index().count(scope, 1))).isZero();
        assertThat(join(index().passages(scope, Set.of(Passage.identity(scope, source, 0)))))
                .isEmpty();
    }

    @Test
    void findsPassagesByIdVisibleOrNot() {
        EmbeddedPassage staged = passage(scope, source, 0, "en", "alpha");
        join(index().stage(scope, List.of(staged)));
        // Staging alone need not be seen by a look-up; a publication of anything makes it so.
        join(index().publish(scope, 1, Set.of(), Set.of()));

        assertThat(join(index().passages(scope, Set.of(staged.passage().id(), PassageId.next()))))
                .isEqualTo(Map.of(staged.passage().id(), staged.passage()));
    }

    @Test
    void stemsEachPassageByItsOwnLanguage() {
        List<EmbeddedPassage> passages = List.of(
                passage(scope, source, 0, "en", "The connections were refused."),
                passage(scope, source, 1, "de", "Die Häuser wurden verkauft."),
                passage(scope, source, 2, "hi", "भारत की राजधानी दिल्ली है।"),
                passage(scope, source, 3, "zh", "北京是中国的首都。"),
                passage(scope, source, 4, "ar", "القاهرة هي عاصمة مصر."),
                passage(scope, source, 5, "und", "naïve façade"),
                passage(scope, source, 6, "th", "กรุงเทพเป็นเมืองหลวงของประเทศไทย"),
                passage(scope, source, 7, "el", "Οι ξένοι επισκέπτες της Κύπρου"),
                passage(scope, source, 8, "nl", "De gebouwen werden verkocht."));
        join(index().stage(scope, passages));
        join(index().publish(scope, 1, Set.of(source), Set.of()));

        assertThat(keyword(1, "connection refusing")).containsExactly("The connections were refused.");
        assertThat(keyword(1, "Haus verkaufen")).containsExactly("Die Häuser wurden verkauft.");
        assertThat(keyword(1, "राजधानी")).containsExactly("भारत की राजधानी दिल्ली है।");
        assertThat(keyword(1, "中国首都")).containsExactly("北京是中国的首都。");
        assertThat(keyword(1, "عاصمة")).containsExactly("القاهرة هي عاصمة مصر.");
        assertThat(keyword(1, "facade")).containsExactly("naïve façade");
        assertThat(keyword(1, "เมืองหลวง")).containsExactly("กรุงเทพเป็นเมืองหลวงของประเทศไทย");
        assertThat(keyword(1, "επισκέπτης Κύπρος")).containsExactly("Οι ξένοι επισκέπτες της Κύπρου");
        assertThat(keyword(1, "gebouw")).containsExactly("De gebouwen werden verkocht.");
    }

    @Test
    void takesAnyQuestion() {
        publish(scope, 1, source, "alpha");
        String page = "alpha beta gamma ".repeat(6_000);
        List<String> questions = List.of(
                "", " ", "?", "\u0000", "\"'\\(){}[]*~:/+-", "😀", page, "a".repeat(100_000), "AND OR NOT", "\uD83D");

        assertThat(questions.stream().map(q -> keyword(1, q).size())).containsExactly(0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
    }

    @Test
    void takesAnyPassage() {
        publish(scope, 1, source, "", "a".repeat(100_000), "alpha \uD83D beta", "\u0000");

        assertThat(join(index().count(scope, 1))).isEqualTo(4);
        assertThat(keyword(1, "beta")).hasSize(1);
    }

    @Test
    void manyPublicationsAtOnceAllTakePlace() {
        List<Scope> scopes = Stream.generate(() -> new Scope(TenantId.next(), KnowledgeBaseId.next()))
                .limit(40)
                .toList();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (Scope each : scopes) {
            all.add(index().stage(each, List.of(passage(each, source, 0, "en", "alpha")))
                    .thenCompose(_ -> index().publish(each, 1, Set.of(source), Set.of()))
                    .toCompletableFuture());
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();

        assertThat(scopes)
                .allSatisfy(each -> assertThat(join(index().count(each, 1))).isEqualTo(1));
    }

    @Test
    void searchesNeverSeeAPublicationHalfDone() throws Exception {
        int size = 50;
        publish(scope, 1, source, texts("old", size));
        SourceVersion next = new SourceVersion(source.source(), 2);
        String[] texts = texts("new", size);
        join(index().stage(
                        scope,
                        IntStream.range(0, size)
                                .mapToObj(i -> passage(scope, next, i, "en", texts[i]))
                                .toList()));
        CompletableFuture<Void> publication =
                index().publish(scope, 2, Set.of(next), Set.of(source)).toCompletableFuture();

        do {
            assertThat(join(index().count(scope, 1))).isEqualTo(size);
        } while (!publication.isDone());
        publication.get();
        assertThat(join(index().count(scope, 1))).isEqualTo(size);
        assertThat(join(index().count(scope, 2))).isEqualTo(size);
    }

    @Test
    void keepsPassagesAsTheyAreForAnotherIndex() {
        publish(scope, 1, source, "one", "two", "three");
        SourceVersion next = new SourceVersion(source.source(), 2);
        join(index().stage(scope, List.of(passage(scope, next, 0, "en", "new"))));
        join(index().publish(scope, 2, Set.of(next), Set.of(source)));
        SourceVersion waiting = new SourceVersion(source.source(), 3);
        join(index().stage(scope, List.of(passage(scope, waiting, 0, "de", "wartet"))));
        publish(new Scope(scope.tenant(), KnowledgeBaseId.next()), 1, source, "of another");

        List<MovableIndex.Kept> kept = allKept(scope, 2);

        assertThat(join(index().size(scope))).isEqualTo(5);
        assertThat(kept)
                .extracting(each -> each.embedded().passage().text() + " " + each.from() + " " + each.to())
                .containsExactlyInAnyOrder(
                        "one Optional[1] Optional[2]",
                        "two Optional[1] Optional[2]",
                        "three Optional[1] Optional[2]",
                        "new Optional[2] Optional.empty",
                        "wartet Optional.empty Optional.empty");
        assertThat(kept)
                .allSatisfy(each -> assertThat(each.embedded().vector())
                        .isEqualTo(vector(each.embedded().passage().ordinal()
                                + each.embedded().passage().text().hashCode())));

        join(index().erase(scope));
        join(index().restore(scope, kept));
        join(index().restore(scope, kept));

        assertThat(join(index().size(scope))).isEqualTo(5);
        assertThat(keyword(1, "one new")).containsExactly("one");
        assertThat(keyword(2, "one new wartet")).containsExactly("new");
        join(index().publish(scope, 3, Set.of(waiting), Set.of()));
        assertThat(keyword(3, "wartet")).containsExactly("wartet");
    }

    @Test
    void givesPassagesBackByTheirIdsAndDropsThem() {
        publish(scope, 1, source, "one", "two", "three");
        Scope other = new Scope(scope.tenant(), KnowledgeBaseId.next());
        publish(other, 1, source, "of another");
        List<PassageId> ids = IntStream.range(0, 3)
                .mapToObj(i -> Passage.identity(scope, source, i))
                .toList();

        Map<PassageId, MovableIndex.Kept> kept =
                join(index().kept(scope, Set.of(ids.get(0), ids.get(2), new PassageId("0123"))));

        assertThat(kept).containsOnlyKeys(ids.get(0), ids.get(2));
        assertThat(kept.get(ids.get(2)).embedded().passage())
                .isEqualTo(passage(scope, source, 2, "en", "three").passage());
        assertThat(kept.get(ids.get(2)).embedded().vector())
                .isEqualTo(passage(scope, source, 2, "en", "three").vector());
        assertThat(kept.get(ids.get(2)).from()).contains(1L);
        assertThat(join(index().kept(other, Set.copyOf(ids)))).isEmpty();
        assertThat(join(index().kept(scope, Set.of()))).isEmpty();

        join(index().remove(other, Set.copyOf(ids)));
        join(index().remove(scope, Set.of(ids.get(1), new PassageId("0123"))));
        join(index().remove(scope, Set.of()));

        assertThat(keyword(1, "one two three")).containsExactlyInAnyOrder("one", "three");
        assertThat(join(index().size(scope))).isEqualTo(2);
        assertThat(join(index().size(other))).isEqualTo(1);
    }

    @Test
    void twoSpacesSideBySideKnowNothingOfEachOther() throws Exception {
        publish(scope, 1, source, "one", "two");
        try (MovableIndex beside = beside()) {
            assertThat(join(beside.size(scope))).isZero();
            float[] along = {1, 0, 0, 0, 0, 0, 0, 0};
            float[] across = {0, 1, 0, 0, 0, 0, 0, 0};
            List<MovableIndex.Kept> kept = allKept(scope, 10).stream()
                    .map(each -> new MovableIndex.Kept(
                            new EmbeddedPassage(
                                    each.embedded().passage(),
                                    each.embedded().passage().text().equals("one") ? along : across),
                            each.from(),
                            each.to()))
                    .toList();
            join(beside.restore(scope, kept));

            assertThat(join(beside.search(scope, 1, new PassageIndex.Query("", across, SearchMode.DENSE, 10)))
                            .dense()
                            .getFirst()
                            .passage()
                            .text())
                    .isEqualTo("two");
            assertThat(keyword(beside, scope, 1, "one two")).containsExactlyInAnyOrder("one", "two");
            SourceVersion next = new SourceVersion(source.source(), 2);
            join(beside.stage(
                    scope,
                    List.of(new EmbeddedPassage(
                            passage(scope, next, 0, "en", "three").passage(), along))));
            join(beside.publish(scope, 2, Set.of(next), Set.of(source)));

            assertThat(keyword(beside, scope, 2, "one two three")).containsExactly("three");
            assertThat(keyword(2, "one two three")).containsExactlyInAnyOrder("one", "two");
            assertThat(join(index().search(scope, 1, new PassageIndex.Query("", vector(1), SearchMode.DENSE, 10)))
                            .vectors()
                            .values())
                    .allSatisfy(vector -> assertThat(vector).hasSize(DIMENSIONS));

            join(index().erase(scope));

            assertThat(join(index().size(scope))).isZero();
            assertThat(join(beside.size(scope))).isEqualTo(3);
        }
    }

    private List<MovableIndex.Kept> allKept(Scope scope, int page) {
        List<MovableIndex.Kept> all = new ArrayList<>();
        Optional<PassageId> after = Optional.empty();
        while (true) {
            List<MovableIndex.Kept> some = join(index().kept(scope, after, page));
            if (some.isEmpty()) {
                return all;
            }
            assertThat(some.size()).isLessThanOrEqualTo(page);
            all.addAll(some);
            after = Optional.of(some.getLast().embedded().passage().id());
        }
    }

    @Test
    void scoresWordsLikeAnyOtherIndex() {
        publish(
                scope,
                1,
                source,
                "The quick brown fox jumps over the lazy dog",
                "A fox and a fox and another fox",
                "Dogs are lazy, and cats are lazier still, and so on for a good while, as cats go",
                "Nothing here");

        PassageIndex.Candidates found = join(
                index().search(scope, 1, new PassageIndex.Query("lazy foxes", new float[0], SearchMode.KEYWORD, 10)));

        // By Lucene's formula: ln(1 + (4 - 2 + 0.5) / (2 + 0.5)) for each of the two words.
        assertThat(found.keywordIdeal()).isCloseTo(2 * Math.log(2), org.assertj.core.data.Offset.offset(1e-6));
        assertThat(found.keyword())
                .extracting(hit -> Math.round(hit.score() * 1e5))
                .containsExactly(59_873L, 51_491L, 26_739L);
    }

    private static String[] texts(String word, int n) {
        return IntStream.range(0, n).mapToObj(i -> word + " " + i).toArray(String[]::new);
    }
}
