/**
 * The ledger of sources that keep themselves fresh: which there are, when each is read next and by whom, how far a
 * reading has come, and what came of it. What a kind of source is, see {@link io.kvasir.ingestion.source.SourceKind}.
 */
@NullMarked
package io.kvasir.ingestion.source;

import org.jspecify.annotations.NullMarked;
