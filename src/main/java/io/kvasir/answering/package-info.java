/** From a question to a cited answer, as one stream: retrieve, prompt, stream, cite. */
@NullMarked
package io.kvasir.answering;

import org.jspecify.annotations.NullMarked;
