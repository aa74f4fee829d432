/** What belongs to a person can be taken away and erased, and what was erased can be proved. */
@NullMarked
package io.kvasir.privacy;

import org.jspecify.annotations.NullMarked;
