package io.kvasir.retrieval.lucene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.PassageIndexContract;
import io.kvasir.retrieval.SourceVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.store.FilterDirectory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LucenePassageIndexTest extends PassageIndexContract {
    @TempDir
    Path folder;

    private PassageIndex index;

    @BeforeEach
    void open() throws IOException {
        index = LucenePassageIndex.open(folder.resolve("index"));
    }

    @AfterEach
    void close() {
        index.close();
    }

    @Override
    protected PassageIndex index() {
        return index;
    }

    @Override
    protected PassageIndex afterAKill() throws IOException {
        Path copy = folder.resolve("copy");
        Files.createDirectories(copy);
        try (var files = Files.list(folder.resolve("index"))) {
            for (Path file : files.filter(f -> !f.endsWith("write.lock")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        return LucenePassageIndex.open(copy);
    }

    @Test
    void isThereAgainAfterAnOrderlyStop() throws IOException {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        join(index.stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));
        join(index.publish(scope, 1, Set.of(source), Set.of()));
        index.close();
        open();

        assertThat(join(index.count(scope, 1))).isEqualTo(1);
    }

    @Test
    void twoProcessesDoNotShareAFolder() {
        assertThatThrownBy(() -> LucenePassageIndex.open(folder.resolve("index")))
                .isInstanceOf(IOException.class);
    }

    /** A disk that can be full. */
    private static final class FullDisk extends FilterDirectory {
        private final AtomicBoolean full;

        FullDisk(AtomicBoolean full) {
            super(new ByteBuffersDirectory());
            this.full = full;
        }

        @Override
        public IndexOutput createOutput(String name, IOContext context) throws IOException {
            if (full.get()) {
                throw new IOException("No space left on device");
            }
            return super.createOutput(name, context);
        }
    }

    @Test
    void afterAFullDiskItGoesOnFromTheLastCommit() throws IOException {
        AtomicBoolean full = new AtomicBoolean();
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        SourceVersion source = new SourceVersion(SourceId.next(), 1);
        try (PassageIndex small = LucenePassageIndex.on(new FullDisk(full))) {
            join(small.stage(scope, List.of(passage(scope, source, 0, "en", "alpha"))));
            join(small.publish(scope, 1, Set.of(source), Set.of()));

            full.set(true);
            assertThatThrownBy(() -> join(small.stage(scope, List.of(passage(scope, source, 1, "en", "beta")))))
                    .hasRootCauseInstanceOf(IOException.class);
            assertThat(join(small.count(scope, 1))).isEqualTo(1);

            full.set(false);
            join(small.stage(scope, List.of(passage(scope, source, 1, "en", "beta"))));
            join(small.publish(scope, 1, Set.of(source), Set.of()));
            assertThat(join(small.count(scope, 1))).isEqualTo(2);
        }
    }
}
