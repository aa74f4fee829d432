/** How events and messages become bytes and back, and where the journal finds its data source. */
@NullMarked
package io.kvasir.journal;

import org.jspecify.annotations.NullMarked;
