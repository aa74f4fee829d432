/** Words and their weight in the keyword leg, the same in every index. */
@NullMarked
package io.kvasir.retrieval.words;

import org.jspecify.annotations.NullMarked;
