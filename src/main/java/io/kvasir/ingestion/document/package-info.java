/** Documents: what kind a file is, the text and structure in it, and its passages. */
@NullMarked
package io.kvasir.ingestion.document;

import org.jspecify.annotations.NullMarked;
