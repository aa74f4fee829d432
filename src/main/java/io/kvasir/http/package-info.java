/** The outer face's grammar: problems, JSON, server-sent events, paging, who is asking. Knows no feature. */
@NullMarked
package io.kvasir.http;

import org.jspecify.annotations.NullMarked;
