package io.kvasir.conversation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import io.kvasir.answering.AnswerEvent;
import io.kvasir.http.Json;
import io.kvasir.kernel.PassageId;
import java.util.List;

/** What a reply stands on, as announced before its first word. Sealed as JSON in the journal. @param tookMs wall clock */
record Sources(List<AnswerEvent.Citation> citations, double tookMs) {
    /** Reads yesterday's bytes too, so it passes over fields that were dropped since. */
    private static final ObjectReader READER =
            Json.MAPPER.readerFor(Sources.class).without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    Sources {
        citations = List.copyOf(citations);
    }

    List<PassageId> passages() {
        return citations.stream().map(AnswerEvent.Citation::passageId).toList();
    }

    static Sources read(String json) {
        try {
            return READER.readValue(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("stored citations cannot be read", e);
        }
    }
}
