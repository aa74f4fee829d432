/** The protocol of Google's Gemini API. */
@NullMarked
package io.kvasir.llm.gemini;

import org.jspecify.annotations.NullMarked;
