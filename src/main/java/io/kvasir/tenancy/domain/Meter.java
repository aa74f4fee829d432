package io.kvasir.tenancy.domain;

import java.util.Locale;

/** What is counted. Standing amounts follow what is kept; monthly ones begin anew with each calendar month in UTC. */
public enum Meter {
    KNOWLEDGE_BASES(false),
    DOCUMENTS(false),
    STORAGE_BYTES(false),
    MESSAGES(true),
    TOKENS(true),
    /** Millionths of the price lists' currency unit. */
    SPEND_MICROS(true);

    private final boolean monthly;

    Meter(boolean monthly) {
        this.monthly = monthly;
    }

    public boolean monthly() {
        return monthly;
    }

    /** As configuration and the outer face write it: {@code knowledge-bases}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
