/** Embedding models behind HTTP: OpenAI's, Gemini's, and those of servers that speak OpenAI's protocol. */
@NullMarked
package io.kvasir.retrieval.remote;

import org.jspecify.annotations.NullMarked;
