package io.kvasir.conversation;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.kvasir.answering.Question;
import io.kvasir.kernel.TraceParent;
import io.kvasir.kernel.Wire;
import io.kvasir.retrieval.RetrievalSettings;
import java.util.Optional;

/**
 * What a knowledge base is like at the moment it is asked. Its room hands it in.
 *
 * @param revision what it knows, from 1
 * @param reservation what to name when it is known what the answer used; empty until something was set aside
 * @param trace which request the question came with
 */
public record Profile(
        long revision,
        Question.Style style,
        RetrievalSettings retrieval,
        String reservation,
        Optional<TraceParent> trace)
        implements Wire {
    @JsonCreator
    public Profile {}

    public Profile(long revision, Question.Style style, RetrievalSettings retrieval) {
        this(revision, style, retrieval, "", Optional.empty());
    }

    Profile reservedAs(String id) {
        return new Profile(revision, style, retrieval, id, trace);
    }

    Profile within(Optional<TraceParent> trace) {
        return new Profile(revision, style, retrieval, reservation, trace);
    }
}
