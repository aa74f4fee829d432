package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.kvasir.jdbc.Database;
import io.kvasir.jdbc.TestDatabase;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SourceVersion;
import io.kvasir.retrieval.VectorSpace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which index belongs to which model, over starts with other settings. */
class OpenIndexesTest {
    private static final VectorSpace OLD = new VectorSpace("old", 384);
    private static final VectorSpace NEW = new VectorSpace("new/model", 384);
    /** As a folder it would be called as the one before. */
    private static final VectorSpace ALIKE = new VectorSpace("new_model", 384);

    @TempDir
    Path folder;

    private final Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());

    private OpenIndexes open(VectorSpace preferred) throws IOException {
        return OpenIndexes.open(
                IndexSettings.Kind.LUCENE,
                Settings.of(ConfigFactory.parseMap(Map.of("kvasir.data-dir", folder.toString()))
                        .withFallback(ConfigFactory.load())
                        .resolve()),
                preferred,
                true);
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private void fill(MovableIndex index, int passages) {
        for (int i = 0; i < passages; i++) {
            join(index.stage(
                    scope,
                    List.of(PassageIndexContract.passage(
                            scope, new SourceVersion(SourceId.next(), 1), i, "en", "text"))));
        }
    }

    @Test
    void eachModelHasItsOwnThatIsThereAgainWhateverIsPreferred() throws IOException {
        try (OpenIndexes indexes = open(OLD)) {
            assertThat(indexes.first()).isEqualTo(OLD);
            fill(indexes.in(OLD), 1);
            fill(indexes.in(NEW), 2);
            fill(indexes.in(ALIKE), 3);
            assertThat(indexes.in(NEW)).isSameAs(indexes.in(NEW));
        }
        try (OpenIndexes indexes = open(NEW)) {
            assertThat(indexes.first()).as("what was there first").isEqualTo(OLD);
            assertThat(join(indexes.spaces())).containsExactlyInAnyOrder(OLD, NEW, ALIKE);
            assertThat(join(indexes.in(OLD).size(scope))).isEqualTo(1);
            assertThat(join(indexes.in(NEW).size(scope))).isEqualTo(2);
            assertThat(join(indexes.in(ALIKE).size(scope))).isEqualTo(3);
            join(indexes.health());
        }
    }

    @Test
    void handsOverTheFilesOfAllAndErasesNothingThatIsBeingCopied() throws IOException {
        try (OpenIndexes indexes = open(OLD)) {
            fill(indexes.in(OLD), 1);
            fill(indexes.in(NEW), 2);
            OpenIndexes.Files files = indexes.files().orElseThrow();
            Set<String> folders = new HashSet<>();
            files.hold(true);
            files.copy((name, bytes) -> {
                assertThat(folder.resolve(name)).exists();
                folders.add(name.substring(0, name.lastIndexOf('/')));
            });

            assertThat(folders).hasSize(2).contains("index").anyMatch(name -> name.startsWith("spaces/new_model-"));
            assertThatThrownBy(() -> join(indexes.retire(NEW, scope))).hasMessageContaining("backup");
            assertThat(join(indexes.in(NEW).size(scope))).isEqualTo(2);
            files.hold(false);
            join(indexes.retire(NEW, scope));
            assertThat(join(indexes.in(NEW).size(scope))).isZero();
            assertThat(join(indexes.in(OLD).size(scope))).isEqualTo(1);
        }
    }

    @Test
    void whatEmbeddedBeforeEachHadItsOwnIsRecordedOnce() {
        try (Database database = TestDatabase.inMemory();
                Transactor transactor = new Transactor(database.dataSource(), 2)) {
            assertThat(join(UnpinnedSpace.find(transactor))).isEmpty();
            assertThat(join(UnpinnedSpace.record(transactor, OLD))).isEqualTo(OLD);
            assertThat(join(UnpinnedSpace.record(transactor, NEW))).isEqualTo(OLD);
            assertThat(join(UnpinnedSpace.find(transactor))).contains(OLD);
        }
    }
}
