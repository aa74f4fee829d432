/** Settings from HOCON to records, wiring by hand, order of start and stop. */
@NullMarked
package io.kvasir.bootstrap;

import org.jspecify.annotations.NullMarked;
