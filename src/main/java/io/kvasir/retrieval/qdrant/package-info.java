/** The passage index on a Qdrant server: one collection for all tenants, per embedding model. */
@NullMarked
package io.kvasir.retrieval.qdrant;

import org.jspecify.annotations.NullMarked;
