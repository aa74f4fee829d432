/** TCP connections as streams of bytes, with one hop between the network and a stream. Knows no protocol. */
@NullMarked
package io.kvasir.socket;

import org.jspecify.annotations.NullMarked;
