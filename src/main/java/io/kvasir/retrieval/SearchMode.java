package io.kvasir.retrieval;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which legs a search walks on. */
public enum SearchMode {
    @JsonProperty("hybrid")
    HYBRID,
    @JsonProperty("dense")
    DENSE,
    @JsonProperty("keyword")
    KEYWORD
}
