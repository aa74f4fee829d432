/** The embedded passage index: one Lucene index for all tenants. */
@NullMarked
package io.kvasir.retrieval.lucene;

import org.jspecify.annotations.NullMarked;
