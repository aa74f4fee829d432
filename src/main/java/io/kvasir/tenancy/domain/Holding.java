package io.kvasir.tenancy.domain;

import io.kvasir.kernel.KnowledgeBaseId;

/** What one knowledge base keeps, as it said last. @param bytes of the files as uploaded */
public record Holding(KnowledgeBaseId knowledgeBase, long documents, long bytes) {}
