/** What the server tells about itself: figures for Prometheus. */
@NullMarked
package io.kvasir.observability;

import org.jspecify.annotations.NullMarked;
