/** The conversation: turns, the reply text with positions, watchers, feedback. */
@NullMarked
package io.kvasir.conversation;

import org.jspecify.annotations.NullMarked;
