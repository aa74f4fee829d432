/** The protocol of OpenAI and every provider that speaks its chat completions. */
@NullMarked
package io.kvasir.llm.openai;

import org.jspecify.annotations.NullMarked;
