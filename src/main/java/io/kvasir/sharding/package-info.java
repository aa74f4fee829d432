/** How entities are spread over the servers, and moved where a server comes or goes. */
@NullMarked
package io.kvasir.sharding;

import org.jspecify.annotations.NullMarked;
