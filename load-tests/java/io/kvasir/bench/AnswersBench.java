package io.kvasir.bench;

import io.kvasir.answering.AnswerEvent;
import io.kvasir.answering.Answerer;
import io.kvasir.answering.AnsweringSettings;
import io.kvasir.answering.EmbeddedSentences;
import io.kvasir.answering.Question;
import io.kvasir.http.Json;
import io.kvasir.llm.ChatModel;
import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.extractive.ExtractiveChatModel;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.Retrieval;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.Retriever;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * {@code ./dev bench answers FOLDER…}: how often the built-in answerer cites a right passage, and how often it admits
 * not to know. Where a set has no unanswerable questions, each is asked again with its right passages withheld.
 *
 * <p>Controls on the same retrieval: always quoting the first passage, and answering where the first passage's score is
 * above a threshold chosen afterwards so that it refuses as many of the unanswerable as the answerer does.
 */
public final class AnswersBench {
    private static final int PASSAGES = 5;

    private AnswersBench() {}

    /** What came of one question. {@code topScore} and {@code topRight} are of retrieval alone. */
    record Outcome(
            boolean answerable,
            boolean answered,
            boolean citedRight,
            double topScore,
            boolean topRight,
            double millis) {}

    public static void main(String[] folders) throws IOException {
        if (folders.length == 0) {
            System.err.println("usage: bench answers FOLDER… (BEIR layout: corpus.jsonl, queries.jsonl, qrels/)");
            System.exit(2);
        }
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "bench");
        System.out.printf(
                "%-12s %-10s %6s %6s %10s %9s %9s %9s%n",
                "set", "answerer", "asked", "unansw", "gold cited", "refused", "p50 ms", "p99 ms");
        List<Map<String, Object>> rows = new ArrayList<>();
        Path scratch = Files.createTempDirectory("bench-answers");
        // No sentence is known from another question: as slow as an answer is the first time.
        try (RememberingEmbedder embedder = new RememberingEmbedder(
                        OnnxEmbedder.load(Runtime.getRuntime().availableProcessors()),
                        new RememberingEmbedder.Size(1, 1));
                PassageIndex index = LucenePassageIndex.open(scratch)) {
            for (String folder : folders) {
                Beir beir = Beir.read(Path.of(folder));
                Corpus corpus = Corpus.index(beir, "en", embedder, index);
                ChatModel model = new ExtractiveChatModel(new EmbeddedSentences(embedder));
                rows.addAll(
                        rows(beir.name(), new Asking(system, new Retriever(index, embedder), corpus, model).all(beir)));
            }
        } finally {
            try (var files = Files.walk(scratch)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
        System.out.println(Json.write(Map.of("bench", "answers", "rows", rows)));
        System.exit(0);
    }

    /** Asks as a visitor would, without a server around it. @param model of the built-in answerer's provider */
    record Asking(ActorSystem<Void> system, Retriever retriever, Corpus corpus, ChatModel model) {
        List<Outcome> all(Beir beir) {
            beir.queries().stream().limit(30).forEach(query -> ask(query, Set.of())); // warm
            List<Outcome> outcomes = new ArrayList<>();
            boolean unanswerable =
                    beir.queries().stream().anyMatch(q -> q.relevant().isEmpty());
            for (Beir.Query query : beir.queries()) {
                outcomes.add(ask(query, Set.of()));
                if (!unanswerable) {
                    outcomes.add(ask(query, query.relevant().keySet()));
                }
            }
            return outcomes;
        }

        /** @param withheld documents nothing is found of */
        Outcome ask(Beir.Query query, Set<String> withheld) {
            List<Retrieval.Found> found = new ArrayList<>();
            Answerer answerer = new Answerer(
                    (scope, revision, settings, question, _) -> retriever
                            .retrieve(scope, revision, settings, question)
                            .thenApply(retrieval -> {
                                found.addAll(kept(retrieval, withheld));
                                return new Retrieval(found, retrieval.timings());
                            }),
                    new ChatModels(List.of(
                            new ChatModels.Provider(model, List.of(ExtractiveChatModel.MODEL), Optional.empty()))),
                    new AnsweringSettings(1_000, 300));
            long start = System.nanoTime();
            List<AnswerEvent> events = answerer.answer(question(query.text(), withheld.size()))
                    .runWith(Sink.seq(), system)
                    .toCompletableFuture()
                    .join();
            double millis = (System.nanoTime() - start) / 1e6;
            if (!(events.getLast() instanceof AnswerEvent.Finished finished)) {
                throw new IllegalStateException(query.id() + " ended with " + events.getLast());
            }
            Set<String> cited = ((AnswerEvent.Retrieved) events.getFirst())
                    .citations().stream()
                            .filter(citation -> finished.cited().contains(citation.n()))
                            .map(citation ->
                                    corpus.documentOf().get(citation.passageId().value()))
                            .collect(Collectors.toSet());
            return new Outcome(
                    !query.relevant().isEmpty() && withheld.isEmpty(),
                    finished.reason() != FinishReason.REFUSED,
                    cited.stream().anyMatch(query.relevant()::containsKey),
                    found.isEmpty() ? 0 : found.getFirst().score(),
                    !found.isEmpty() && query.relevant().containsKey(document(found.getFirst())),
                    millis);
        }

        private List<Retrieval.Found> kept(Retrieval retrieval, Set<String> withheld) {
            return retrieval.results().stream()
                    .filter(one -> !withheld.contains(document(one)))
                    .limit(PASSAGES)
                    .toList();
        }

        private String document(Retrieval.Found found) {
            return corpus.documentOf().get(found.passage().id().value());
        }

        private Question question(String text, int withheld) {
            return new Question(
                    corpus.scope(),
                    corpus.revision(),
                    new Question.Style(ChatModels.EXTRACTIVE, ExtractiveChatModel.MODEL, "", 0, 400),
                    new RetrievalSettings(
                            SearchMode.HYBRID,
                            PASSAGES + withheld,
                            0,
                            100,
                            0.7,
                            RetrievalSettings.Rerank.NONE,
                            1,
                            400,
                            50,
                            8_000),
                    List.of(),
                    text);
        }
    }

    private static List<Map<String, Object>> rows(String set, List<Outcome> outcomes) {
        double refused = share(outcomes, o -> !o.answerable(), o -> !o.answered());
        double threshold = threshold(outcomes, refused);
        return List.of(
                row(set, "extractive", outcomes, share(outcomes, Outcome::answerable, Outcome::citedRight), refused),
                row(
                        set,
                        "threshold",
                        outcomes,
                        share(outcomes, Outcome::answerable, o -> o.topScore() > threshold && o.topRight()),
                        share(outcomes, o -> !o.answerable(), o -> o.topScore() <= threshold)),
                row(set, "first", outcomes, share(outcomes, Outcome::answerable, Outcome::topRight), 0));
    }

    /** The least score below which at least this share of the unanswerable falls. */
    private static double threshold(List<Outcome> outcomes, double refused) {
        double[] scores = outcomes.stream()
                .filter(o -> !o.answerable())
                .mapToDouble(Outcome::topScore)
                .sorted()
                .toArray();
        int below = (int) Math.ceil(refused * scores.length);
        return scores.length == 0 || below == 0 ? -1 : scores[below - 1];
    }

    private static double share(
            List<Outcome> outcomes,
            java.util.function.Predicate<Outcome> of,
            java.util.function.Predicate<Outcome> which) {
        long all = outcomes.stream().filter(of).count();
        return all == 0
                ? 0
                : (double) outcomes.stream().filter(of).filter(which).count() / all;
    }

    private static Map<String, Object> row(
            String set, String answerer, List<Outcome> outcomes, double cited, double refused) {
        double[] millis =
                outcomes.stream().mapToDouble(Outcome::millis).sorted().toArray();
        double p50 = millis[millis.length / 2];
        double p99 = millis[(int) Math.min(millis.length - 1, Math.ceil(millis.length * 0.99) - 1)];
        long unanswerable = outcomes.stream().filter(o -> !o.answerable()).count();
        System.out.printf(
                "%-12s %-10s %6d %6d %9.1f%% %8.1f%% %9.1f %9.1f%n",
                set, answerer, outcomes.size(), unanswerable, 100 * cited, 100 * refused, p50, p99);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("set", set);
        row.put("answerer", answerer);
        row.put("asked", outcomes.size());
        row.put("unanswerable", unanswerable);
        row.put("goldCited", cited);
        row.put("refused", refused);
        row.put("p50Ms", p50);
        row.put("p99Ms", p99);
        return row;
    }
}
