/** Mail on its way out: by SMTP, or into a folder where no SMTP server is configured. */
@NullMarked
package io.kvasir.mail;

import org.jspecify.annotations.NullMarked;
