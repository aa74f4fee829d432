/** The stream extract, chunk, embed, stage: from stored bytes to passages waiting to be published. */
@NullMarked
package io.kvasir.ingestion;

import org.jspecify.annotations.NullMarked;
