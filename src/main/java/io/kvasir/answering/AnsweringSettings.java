package io.kvasir.answering;

/**
 * What all answers share.
 *
 * @param historyTokens most tokens of earlier turns in a prompt, by estimate
 * @param snippetLength longest snippet of a citation, UTF-16 code units
 */
public record AnsweringSettings(int historyTokens, int snippetLength) {
    public AnsweringSettings {
        if (historyTokens < 0 || snippetLength < 40) {
            throw new IllegalArgumentException("history-tokens must not be negative, snippet-length at least 40");
        }
    }
}
