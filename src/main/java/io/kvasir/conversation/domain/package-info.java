/** What changes and why, as plain records: sees only the JDK and the kernel, runs without an actor system. */
@NullMarked
package io.kvasir.conversation.domain;

import org.jspecify.annotations.NullMarked;
