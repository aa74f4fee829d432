/**
 * What calls of all model providers have in common: connections, retries before the first token, time-outs, limits, a
 * breaker, reading event streams, and saying what a failure means. What a provider's protocol looks like is a
 * {@code WireFormat}.
 */
@NullMarked
package io.kvasir.llm.provider;

import org.jspecify.annotations.NullMarked;
