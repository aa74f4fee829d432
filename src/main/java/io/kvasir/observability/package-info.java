/** Logs by category, metrics. */
@NullMarked
package io.kvasir.observability;

import org.jspecify.annotations.NullMarked;
