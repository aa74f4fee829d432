package io.kvasir.knowledgebase;

import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The room a tenant has for knowledge bases and what is in them. Wiring provides it; nothing here knows plans. A place is
 * taken before something is stored, and given back once {@link #holds} has told what is stored now. It has the name of what
 * it is for: whoever asks for it again, since nobody heard what came of it, does not take a second one.
 */
public interface Room {
    /** Room set aside. */
    @FunctionalInterface
    interface Place {
        CompletionStage<Void> giveBack();
    }

    /**
     * Does what needs room only where there is some. The room is given back whatever came of it, since by then the knowledge
     * base has said what it holds; only where nobody knows what came of it, it is kept for whoever tries again, until its
     * time has run out.
     */
    static <T> CompletionStage<Outcome<T>> taking(
            CompletionStage<Outcome<Place>> place, Supplier<CompletionStage<Outcome<T>>> work) {
        return place.thenCompose(taken -> switch (taken) {
            case Outcome.Refused<Place>(Rejection reason) ->
                CompletableFuture.completedFuture(Outcome.<T>refused(reason));
            case Outcome.Done<Place>(Place room) ->
                work.get()
                        .handle((outcome, fault) -> {
                            if (fault == null) {
                                return room.giveBack().thenApply(_ -> outcome);
                            }
                            CompletionStage<Outcome<T>> failed = CompletableFuture.failedFuture(fault);
                            return fault instanceof Problems.Unavailable
                                            || fault.getCause() instanceof Problems.Unavailable
                                    ? failed
                                    : room.giveBack().thenCompose(_ -> failed);
                        })
                        .thenCompose(stage -> stage);
        });
    }

    /** Refused where the tenant may not have one more. @param scope of the new one */
    CompletionStage<Outcome<Place>> forKnowledgeBase(Scope scope);

    /**
     * Refused where the tenant may not keep so much more.
     *
     * @param place what it is for
     * @param bytes of files as uploaded
     */
    CompletionStage<Outcome<Place>> forDocuments(Scope scope, String place, long documents, long bytes);

    /** What a knowledge base keeps now, again and again. */
    CompletionStage<Void> holds(Scope scope, long documents, long bytes);

    /** It keeps nothing any more. */
    CompletionStage<Void> gone(Scope scope);
}
