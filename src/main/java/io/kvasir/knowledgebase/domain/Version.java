package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.SourceId;

/** One version of one source. @param version from 1 */
public record Version(SourceId source, long version) {}
