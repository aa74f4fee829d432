/** Pages of the web as sources: fetched politely, stripped to what they say, and kept fresh. */
@NullMarked
package io.kvasir.ingestion.web;

import org.jspecify.annotations.NullMarked;
