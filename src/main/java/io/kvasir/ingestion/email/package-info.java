/** Mail as text: MIME, HTML, quotes, signatures, threads, and mailboxes in a file. Knows no server and no store. */
@NullMarked
package io.kvasir.ingestion.email;

import org.jspecify.annotations.NullMarked;
