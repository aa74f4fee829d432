package io.kvasir.knowledgebase;

import io.kvasir.ingestion.Ingestion;
import io.kvasir.kernel.Wire;
import io.kvasir.knowledgebase.domain.Document;
import java.time.Instant;
import java.util.Optional;

/** A document with what its job is doing right now. @param startedAt as far as the journal does not know it yet */
record Seen(Document document, Optional<Ingestion.Progress> progress, Optional<Instant> startedAt) implements Wire {}
