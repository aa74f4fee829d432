/** Who may log in, and the tokens that prove it. */
@NullMarked
package io.kvasir.identity;

import org.jspecify.annotations.NullMarked;
