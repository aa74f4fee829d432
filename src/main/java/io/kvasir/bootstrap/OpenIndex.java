package io.kvasir.bootstrap;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.MovableIndex;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.lucene.LucenePassageIndex;
import io.kvasir.retrieval.qdrant.QdrantPassageIndex;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** A passage index of either kind, for the vectors of one model. @param health completes where the index is well; @param files empty on a server of its own */
record OpenIndex(MovableIndex index, Supplier<CompletionStage<?>> health, Optional<Files> files)
        implements AutoCloseable {
    /** Hands over the files of an embedded index. */
    @FunctionalInterface
    interface Files {
        void copy(LucenePassageIndex.Copy copy) throws IOException;
    }

    private static final Scope NOWHERE = new Scope(new TenantId("health"), new KnowledgeBaseId("health"));

    /** @param space what it is to hold; asked for late, since a model takes a while to load */
    static OpenIndex open(IndexSettings.Kind kind, Settings settings, Supplier<VectorSpace> space) throws IOException {
        return switch (kind) {
            case LUCENE -> lucene(settings, space);
            case QDRANT -> {
                QdrantPassageIndex index =
                        QdrantPassageIndex.open(settings.index().qdrant(), space.get());
                yield new OpenIndex(index, index::health, Optional.empty());
            }
        };
    }

    private static OpenIndex lucene(Settings settings, Supplier<VectorSpace> space) throws IOException {
        LucenePassageIndex index = LucenePassageIndex.open(settings.dataDir().resolve("index"));
        try {
            index.builtWith(space.get());
            return new OpenIndex(index, () -> index.count(NOWHERE, 0), Optional.of(index::copy));
        } catch (IOException | RuntimeException e) {
            index.close();
            throw e;
        }
    }

    @Override
    public void close() {
        index.close();
    }
}
