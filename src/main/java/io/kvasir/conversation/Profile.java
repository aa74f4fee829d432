package io.kvasir.conversation;

import io.kvasir.answering.Question;
import io.kvasir.kernel.Wire;
import io.kvasir.retrieval.RetrievalSettings;

/** What a knowledge base is like at the moment it is asked. Its room hands it in. @param revision what it knows, from 1 */
public record Profile(long revision, Question.Style style, RetrievalSettings retrieval) implements Wire {}
