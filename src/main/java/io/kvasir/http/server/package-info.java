/** How connections become requests, and what is sent on them. */
@NullMarked
package io.kvasir.http.server;

import org.jspecify.annotations.NullMarked;
