/** The one way out to addresses that users name: checked, bounded, and never into a private network. */
@NullMarked
package io.kvasir.outbound;

import org.jspecify.annotations.NullMarked;
