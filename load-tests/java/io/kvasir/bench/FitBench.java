package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.onnx.OnnxEmbedder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * {@code ./dev bench fit FOLDER}: the numbers that belong to the embedding model, anew: those of {@code AnswerJudge} and
 * of {@code Calibration}. To be run, and what it prints put in, whenever vectors of questions or passages change. The
 * control is what the numbers in use make of the same questions.
 */
public final class FitBench {
    private FitBench() {}

    public static void main(String[] folders) throws IOException {
        if (folders.length != 1) {
            System.err.println(
                    "usage: bench fit FOLDER (holds clapnq, pubmedqa, scifact, stackfaq and xquad/{ar,de,en,es,hi,zh}"
                            + " in BEIR layout)");
            System.exit(2);
        }
        Path folder = Path.of(folders[0]);
        ActorSystem<Void> system = ActorSystem.create(Behaviors.empty(), "bench");
        Path scratch = Files.createTempDirectory("bench-fit");
        try (RememberingEmbedder embedder = new RememberingEmbedder(
                        OnnxEmbedder.load(Runtime.getRuntime().availableProcessors()),
                        new RememberingEmbedder.Size(1, 1));
                PassageIndex index = LucenePassageIndex.open(scratch)) {
            Map<String, Object> judge = new JudgeFit(system, embedder, index).run(folder);
            List<Map<String, Object>> calibration = new CalibrationFit(embedder, index).run(folder);
            System.out.println(Json.write(Map.of("bench", "fit", "judge", judge, "calibration", calibration)));
        } finally {
            try (var files = Files.walk(scratch)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
        System.exit(0);
    }
}
