/** Talking to language models: the {@code ChatModel} SPI, its adapters, prices. Knows nothing of knowledge bases. */
@NullMarked
package io.kvasir.llm;

import org.jspecify.annotations.NullMarked;
