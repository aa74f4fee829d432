package io.kvasir.retrieval;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The vectors of the texts that were asked for last, by SHA-256 of the text: the texts themselves, which may be somebody's,
 * are not kept. Who asks for one that is being made shares it; one that failed is made again. Thread-safe.
 */
final class RememberedVectors {
    private final Map<ByteBuffer, CompletableFuture<float[]>> vectors;

    /** @param most vectors kept, from 0 */
    RememberedVectors(int most) {
        // By access: the one not asked for longest goes first.
        this.vectors = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<ByteBuffer, CompletableFuture<float[]>> eldest) {
                return size() > most;
            }
        };
    }

    /** One vector per text, in order. Nobody may write to them: others have them too. @param make those that are not known */
    CompletionStage<List<float[]>> of(List<String> texts, Function<List<String>, CompletionStage<List<float[]>>> make) {
        List<CompletableFuture<float[]>> all = new ArrayList<>();
        Map<ByteBuffer, CompletableFuture<float[]>> mine = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        synchronized (vectors) {
            for (String text : texts) {
                ByteBuffer name = name(text);
                CompletableFuture<float[]> vector = vectors.get(name);
                if (vector == null) {
                    vector = mine.computeIfAbsent(name, _ -> {
                        unknown.add(text);
                        return new CompletableFuture<>();
                    });
                }
                all.add(vector);
            }
            vectors.putAll(mine);
        }
        if (!mine.isEmpty()) {
            make.apply(List.copyOf(unknown)).whenComplete((made, fault) -> {
                int i = 0;
                for (Map.Entry<ByteBuffer, CompletableFuture<float[]>> one : mine.entrySet()) {
                    if (fault == null) {
                        one.getValue().complete(made.get(i++));
                    } else {
                        forget(one.getKey(), one.getValue());
                        one.getValue().completeExceptionally(fault);
                    }
                }
            });
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .thenApply(_ -> all.stream().map(CompletableFuture::join).toList());
    }

    private void forget(ByteBuffer name, CompletableFuture<float[]> failed) {
        synchronized (vectors) {
            vectors.remove(name, failed);
        }
    }

    private static ByteBuffer name(String text) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
