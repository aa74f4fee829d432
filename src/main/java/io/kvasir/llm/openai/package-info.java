/** The streaming client for OpenAI and every provider that speaks its chat-completions protocol. */
@NullMarked
package io.kvasir.llm.openai;

import org.jspecify.annotations.NullMarked;
