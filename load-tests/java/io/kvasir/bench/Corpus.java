package io.kvasir.bench;

import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.TenantId;
import io.kvasir.retrieval.EmbeddedPassage;
import io.kvasir.retrieval.Embedder;
import io.kvasir.retrieval.Passage;
import io.kvasir.retrieval.PassageIndex;
import io.kvasir.retrieval.SourceVersion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** A BEIR corpus in a passage index, one passage a document. Vectors are kept in target/bench-vectors between runs. */
record Corpus(Scope scope, long revision, Map<String, String> documentOf) {
    private static final Path KEPT = Path.of("target", "bench-vectors");

    static Corpus index(Beir beir, String language, Embedder embedder, PassageIndex index) throws IOException {
        Scope scope = new Scope(TenantId.next(), KnowledgeBaseId.next());
        List<float[]> vectors = vectors(beir, embedder);
        Map<String, String> documentOf = new HashMap<>();
        Set<SourceVersion> sources = new java.util.HashSet<>();
        List<EmbeddedPassage> batch = new ArrayList<>();
        for (int i = 0; i < beir.docs().size(); i++) {
            Beir.Doc doc = beir.docs().get(i);
            SourceVersion source = new SourceVersion(new SourceId("d" + i), 1);
            Passage passage = new Passage(
                    Passage.identity(scope, source, 0),
                    source,
                    0,
                    doc.title(),
                    Optional.empty(),
                    doc.text(),
                    0,
                    doc.text().length(),
                    Optional.empty(),
                    List.of(),
                    language);
            documentOf.put(passage.id().value(), doc.id());
            sources.add(source);
            batch.add(new EmbeddedPassage(passage, vectors.get(i)));
            if (batch.size() == 500 || i + 1 == beir.docs().size()) {
                index.stage(scope, batch).toCompletableFuture().join();
                batch = new ArrayList<>();
            }
        }
        index.publish(scope, 1, sources, Set.of()).toCompletableFuture().join();
        return new Corpus(scope, 1, documentOf);
    }

    private static List<float[]> vectors(Beir beir, Embedder embedder) throws IOException {
        List<String> texts = beir.docs().stream()
                .map(doc -> doc.title().isEmpty() ? doc.text() : doc.title() + "\n" + doc.text())
                .toList();
        Path file = KEPT.resolve(
                beir.name().replace('/', '-') + "-" + Integer.toHexString(texts.hashCode()) + "-" + embedder.model());
        if (!Files.exists(file)) {
            List<CompletableFuture<List<float[]>>> asked = texts.stream()
                    .map(text -> embedder.embedPassages(List.of(text)).toCompletableFuture())
                    .toList();
            ByteBuffer bytes = ByteBuffer.allocate(texts.size() * embedder.dimensions() * Float.BYTES);
            for (CompletableFuture<List<float[]>> vector : asked) {
                for (float x : vector.join().getFirst()) {
                    bytes.putFloat(x);
                }
            }
            Files.createDirectories(KEPT);
            Files.write(file, bytes.array());
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        List<float[]> vectors = new ArrayList<>();
        while (bytes.hasRemaining()) {
            float[] vector = new float[embedder.dimensions()];
            for (int i = 0; i < vector.length; i++) {
                vector[i] = bytes.getFloat();
            }
            vectors.add(vector);
        }
        return vectors;
    }
}
