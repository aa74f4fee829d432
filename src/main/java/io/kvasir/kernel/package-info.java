/** The words every room shares: typed ids, scopes, refusals, sealed texts. Depends on the JDK and on Jackson annotations alone. */
@NullMarked
package io.kvasir.kernel;

import org.jspecify.annotations.NullMarked;
