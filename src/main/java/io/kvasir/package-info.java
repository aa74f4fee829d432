/** Kvasir: answers questions from a tenant's own knowledge, streaming, with its sources. */
@NullMarked
package io.kvasir;

import org.jspecify.annotations.NullMarked;
