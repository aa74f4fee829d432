package io.kvasir.retrieval;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * The vectors of the texts that were asked for last, by a hash of the text that means nothing outside this process: the
 * texts themselves, which may be somebody's, are not kept. Who asks for one that is being made shares it; one that failed
 * is made again. Thread-safe.
 */
final class RememberedVectors {
    private final byte[] salt = new byte[32];
    private final Map<ByteBuffer, CompletableFuture<float[]>> vectors;

    /** @param most vectors kept, from 1 */
    RememberedVectors(int most) {
        new SecureRandom().nextBytes(salt);
        // By access: the one not asked for longest goes first.
        this.vectors = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<ByteBuffer, CompletableFuture<float[]>> eldest) {
                return size() > most;
            }
        };
    }

    /**
     * One vector per text, in order. Nobody may write to them: others have them too.
     *
     * @param realm the same text in another is another text
     * @param make those that are not known
     */
    CompletionStage<List<float[]>> of(
            String realm, List<String> texts, Function<List<String>, CompletionStage<List<float[]>>> make) {
        List<ByteBuffer> names = texts.stream().map(text -> name(realm, text)).toList();
        List<CompletableFuture<float[]>> all = new ArrayList<>();
        Map<ByteBuffer, CompletableFuture<float[]>> mine = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        synchronized (vectors) {
            for (int i = 0; i < texts.size(); i++) {
                String text = texts.get(i);
                ByteBuffer name = names.get(i);
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
            made(List.copyOf(unknown), make).whenComplete((made, fault) -> {
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

    /** Fails in whatever way it can't be made: others wait for it too. */
    private static CompletionStage<List<float[]>> made(
            List<String> texts, Function<List<String>, CompletionStage<List<float[]>>> make) {
        try {
            return make.apply(texts).thenApply(made -> {
                if (made.size() != texts.size()) {
                    throw new IllegalStateException(made.size() + " vectors of " + texts.size() + " texts");
                }
                return made;
            });
        } catch (RuntimeException broken) {
            return CompletableFuture.failedStage(broken);
        }
    }

    private void forget(ByteBuffer name, CompletableFuture<float[]> failed) {
        synchronized (vectors) {
            vectors.remove(name, failed);
        }
    }

    private ByteBuffer name(String realm, String text) {
        try {
            MessageDigest hash = MessageDigest.getInstance("SHA-256");
            hash.update(salt);
            hash.update(realm.getBytes(StandardCharsets.UTF_8));
            hash.update((byte) 0);
            return ByteBuffer.wrap(hash.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
