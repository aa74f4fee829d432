/** The protocol of Anthropic's Messages API. */
@NullMarked
package io.kvasir.llm.anthropic;

import org.jspecify.annotations.NullMarked;
