/** Finding passages: the index and embedder SPIs, fusion, diversity, calibrated scores. Sees one {@code Scope} at a time. */
@NullMarked
package io.kvasir.retrieval;

import org.jspecify.annotations.NullMarked;
