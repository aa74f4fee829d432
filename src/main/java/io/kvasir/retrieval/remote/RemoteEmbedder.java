package io.kvasir.retrieval.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.kvasir.llm.ChatFailure;
import io.kvasir.llm.ChatFailure.Kind;
import io.kvasir.llm.TokenEstimate;
import io.kvasir.llm.provider.Upstream;
import io.kvasir.retrieval.Embedder;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * An embedding model behind HTTP. Passages that wait together travel together: while as many calls are out as may be,
 * the next batch grows. Questions are called for at once. Tokens are estimated, to the high side, so that no text and no
 * batch is longer than the provider takes. A stage fails with {@link ChatFailure} where the provider does not deliver
 * what was asked for, down to the number of dimensions. Thread-safe.
 */
public final class RemoteEmbedder implements Embedder {
    private static final JsonFactory JSON = new JsonFactory();

    /** A number of a vector takes some 12 characters; twice that, and room for the rest. */
    private static final int BYTES_PER_NUMBER = 32;

    private final Upstream upstream;
    private final EmbeddingFormat format;
    private final RemoteEmbedderSettings settings;
    private final Deque<Job> waiting = new ArrayDeque<>();
    private int calls;
    private boolean closed;

    public RemoteEmbedder(Upstream upstream, EmbeddingFormat format, RemoteEmbedderSettings settings) {
        this.upstream = upstream;
        this.format = format;
        this.settings = settings;
    }

    private record Job(String text, int tokens, CompletableFuture<float[]> result) {}

    @Override
    public String model() {
        return settings.name();
    }

    @Override
    public int dimensions() {
        return settings.dimensions();
    }

    @Override
    public int maxTokens() {
        return settings.maxTokens();
    }

    @Override
    public int countTokens(String text) {
        return TokenEstimate.of(text);
    }

    /** Models of many languages. */
    @Override
    public double fluency(String text) {
        return 1;
    }

    @Override
    public int parallelism() {
        return settings.batchTexts() * settings.callsAtOnce();
    }

    @Override
    public CompletionStage<List<float[]>> embedPassages(List<String> texts) {
        List<CompletableFuture<float[]>> results = new ArrayList<>(texts.size());
        boolean refused;
        synchronized (this) {
            refused = closed;
            for (String text : texts) {
                CompletableFuture<float[]> result = new CompletableFuture<>();
                results.add(result);
                if (!refused) {
                    String cut = cut(text);
                    waiting.addLast(new Job(cut, TokenEstimate.of(cut), result));
                }
            }
        }
        if (refused) {
            return CompletableFuture.failedFuture(closedAlready());
        }
        send();
        return CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
                .thenApply(_ -> results.stream().map(CompletableFuture::join).toList());
    }

    @Override
    public CompletionStage<List<float[]>> embedAtOnce(List<String> texts) {
        List<CompletionStage<List<float[]>>> batches = new ArrayList<>();
        for (int from = 0; from < texts.size(); ) {
            int tokens = 0;
            List<String> batch = new ArrayList<>();
            while (from < texts.size() && batch.size() < settings.batchTexts()) {
                String text = cut(texts.get(from));
                tokens += TokenEstimate.of(text);
                if (!batch.isEmpty() && tokens > settings.batchTokens()) {
                    break;
                }
                batch.add(text);
                from++;
            }
            batches.add(call(batch, false));
        }
        CompletionStage<List<float[]>> all = CompletableFuture.completedFuture(List.of());
        for (CompletionStage<List<float[]>> batch : batches) {
            all = all.thenCombine(batch, RemoteEmbedder::joined);
        }
        return all;
    }

    private static List<float[]> joined(List<float[]> some, List<float[]> more) {
        List<float[]> all = new ArrayList<>(some);
        all.addAll(more);
        return List.copyOf(all);
    }

    @Override
    public CompletionStage<float[]> embedQuery(String question) {
        return call(List.of(cut(question)), true).thenApply(List::getFirst);
    }

    /** Lets what is on its way arrive and refuses what waits. Closing again does nothing. */
    @Override
    public void close() {
        List<Job> refused;
        synchronized (this) {
            closed = true;
            refused = List.copyOf(waiting);
            waiting.clear();
        }
        refused.forEach(job -> job.result().completeExceptionally(closedAlready()));
    }

    private static IllegalStateException closedAlready() {
        return new IllegalStateException("the embedder is closed");
    }

    /** Sends batches while calls are to be had. */
    private void send() {
        for (List<Job> batch = next(); batch != null; batch = next()) {
            List<Job> jobs = batch;
            call(jobs.stream().map(Job::text).toList(), false).whenComplete((vectors, problem) -> {
                synchronized (this) {
                    calls--;
                }
                send();
                for (int i = 0; i < jobs.size(); i++) {
                    if (problem == null) {
                        jobs.get(i).result().complete(vectors.get(i));
                    } else {
                        jobs.get(i).result().completeExceptionally(problem);
                    }
                }
            });
        }
    }

    private synchronized @Nullable List<Job> next() {
        if (waiting.isEmpty() || calls >= settings.callsAtOnce()) {
            return null;
        }
        calls++;
        List<Job> batch = new ArrayList<>();
        int tokens = 0;
        while (batch.size() < settings.batchTexts() && !waiting.isEmpty()) {
            tokens += waiting.getFirst().tokens();
            if (!batch.isEmpty() && tokens > settings.batchTokens()) {
                break;
            }
            batch.add(waiting.removeFirst());
        }
        return batch;
    }

    private CompletionStage<List<float[]>> call(List<String> texts, boolean question) {
        int longest = 64 * 1024 + texts.size() * settings.dimensions() * BYTES_PER_NUMBER;
        return upstream.whole(
                format.request(upstream.settings(), settings, texts, question),
                longest,
                answer -> vectors(answer, texts.size()));
    }

    private List<float[]> vectors(byte[] answer, int expected) {
        List<float[]> vectors;
        try (JsonParser json = JSON.createParser(answer)) {
            vectors = format.read(json, settings.dimensions());
        } catch (IOException e) {
            throw new ChatFailure(Kind.GARBAGE, "The provider's answer is not of the protocol");
        }
        if (vectors.size() != expected) {
            throw new ChatFailure(
                    Kind.GARBAGE, "The provider gave " + vectors.size() + " vectors for " + expected + " texts");
        }
        for (float[] vector : vectors) {
            if (vector.length != settings.dimensions()) {
                throw new ChatFailure(
                        Kind.REJECTED,
                        "The provider's vectors have " + vector.length + " dimensions where " + settings.dimensions()
                                + " are configured");
            }
            toUnit(vector);
        }
        return vectors;
    }

    /** Not all providers give unit vectors, in particular not shortened ones. */
    private static void toUnit(float[] vector) {
        double squares = 0;
        for (float x : vector) {
            squares += (double) x * x;
        }
        if (!(squares > 0) || Double.isInfinite(squares)) {
            throw new ChatFailure(Kind.GARBAGE, "The provider gave a vector without direction");
        }
        double by = 1 / Math.sqrt(squares);
        for (int i = 0; i < vector.length; i++) {
            vector[i] = (float) (vector[i] * by);
        }
    }

    /** The beginning of a text, as long as the model takes. */
    private String cut(String text) {
        if (TokenEstimate.of(text) <= settings.maxTokens()) {
            return text;
        }
        int low = 0;
        int high = text.length();
        while (low < high - 1) {
            int middle = (low + high) >>> 1;
            if (TokenEstimate.of(text.substring(0, middle)) <= settings.maxTokens()) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return text.substring(0, low > 0 && Character.isHighSurrogate(text.charAt(low - 1)) ? low - 1 : low);
    }
}
