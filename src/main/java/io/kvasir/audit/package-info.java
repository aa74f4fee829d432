/** The append-only record of who did what, chained by hashes so that a change shows. */
@NullMarked
package io.kvasir.audit;

import org.jspecify.annotations.NullMarked;
