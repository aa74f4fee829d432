package io.kvasir.tenancy.domain;

/** So much of everything that is counted; see {@link Meter} for the units. */
public record Amounts(
        long knowledgeBases, long documents, long storageBytes, long messages, long tokens, long spendMicros) {
    public static final Amounts NONE = new Amounts(0, 0, 0, 0, 0, 0);

    public static Amounts knowledgeBase() {
        return new Amounts(1, 0, 0, 0, 0, 0);
    }

    public static Amounts stored(long documents, long bytes) {
        return new Amounts(0, documents, bytes, 0, 0, 0);
    }

    public static Amounts answer(long messages, long tokens, long spendMicros) {
        return new Amounts(0, 0, 0, messages, tokens, spendMicros);
    }

    public long of(Meter meter) {
        return switch (meter) {
            case KNOWLEDGE_BASES -> knowledgeBases;
            case DOCUMENTS -> documents;
            case STORAGE_BYTES -> storageBytes;
            case MESSAGES -> messages;
            case TOKENS -> tokens;
            case SPEND_MICROS -> spendMicros;
        };
    }

    public Amounts plus(Amounts more) {
        return new Amounts(
                knowledgeBases + more.knowledgeBases,
                documents + more.documents,
                storageBytes + more.storageBytes,
                messages + more.messages,
                tokens + more.tokens,
                spendMicros + more.spendMicros);
    }
}
