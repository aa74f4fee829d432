/** The built-in answerer: quotes the sentences that answer, or admits that none does. No key, no server, no download. */
@NullMarked
package io.kvasir.llm.extractive;

import org.jspecify.annotations.NullMarked;
