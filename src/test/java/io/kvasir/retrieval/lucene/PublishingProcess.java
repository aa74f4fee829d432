package io.kvasir.retrieval.lucene;

import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SourceVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** A process to be killed: replaces one document over and over, and says so after each time it was told it is done. */
final class PublishingProcess {
    static final int PASSAGES = 7;

    private PublishingProcess() {}

    /** @param args folder, scope, first revision */
    public static void main(String[] args) throws Exception {
        Scope scope = Scope.parse(args[1]);
        try (PassageIndex index = LucenePassageIndex.open(Path.of(args[0]))) {
            for (long revision = Long.parseLong(args[2]); ; revision++) {
                SourceVersion source = version(revision);
                List<EmbeddedPassage> passages = IntStream.range(0, PASSAGES)
                        .mapToObj(i -> PassageIndexContract.passage(scope, source, i, "en", "text " + i))
                        .toList();
                index.stage(scope, passages).toCompletableFuture().join();
                index.publish(scope, revision, Set.of(source), Set.of(version(revision - 1)))
                        .toCompletableFuture()
                        .join();
                System.out.println(revision);
            }
        }
    }

    private static SourceVersion version(long revision) {
        return new SourceVersion(new SourceId("document"), revision);
    }
}
