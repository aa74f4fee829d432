/** Mailboxes as sources: IMAP by password or OAuth, what of it is new, and the accounts' outer face. */
@NullMarked
package io.kvasir.ingestion.mailbox;

import org.jspecify.annotations.NullMarked;
