/** Questions with their answers as a source: kept, ordered, imported and exported, and answered at once where asked exactly. */
@NullMarked
package io.kvasir.ingestion.faq;

import org.jspecify.annotations.NullMarked;
