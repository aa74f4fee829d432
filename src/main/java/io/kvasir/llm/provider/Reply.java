package io.kvasir.llm.provider;

import com.fasterxml.jackson.core.JsonParser;
import io.kvasir.llm.ChatModel.FinishReason;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a provider has said so far in one reply. Written by a {@link WireFormat}. Not thread-safe. */
public final class Reply {
    private final StringBuilder text = new StringBuilder(64);
    private boolean done;
    private @Nullable FinishReason reason;
    private String detail = "";
    private int promptTokens = -1;
    private int completionTokens = -1;
    private int cachedTokens;
    private int reasoningTokens;

    /** The string the parser is on is text of the reply. */
    public void say(JsonParser string) throws IOException {
        text.append(string.getTextCharacters(), string.getTextOffset(), string.getTextLength());
    }

    /** How much was said and not taken yet, to {@link #unsay} back to. */
    public int said() {
        return text.length();
    }

    /** Forgets what was said since. */
    public void unsay(int said) {
        text.setLength(said);
    }

    /** Nothing after this is read. */
    public void end() {
        done = true;
    }

    public void finish(FinishReason why) {
        reason = why;
    }

    /** Why a filter took it, as the provider calls it. */
    public void filtered(String why) {
        reason = FinishReason.CONTENT_FILTER;
        detail = why.matches("[A-Za-z0-9_.-]{1,60}") ? why : "";
    }

    /** All of the prompt. The last word counts, here and below. */
    public void promptTokens(int tokens) {
        promptTokens = tokens;
    }

    /** All that was made, reasoning included. */
    public void completionTokens(int tokens) {
        completionTokens = tokens;
    }

    public void cachedTokens(int tokens) {
        cachedTokens = tokens;
    }

    public void reasoningTokens(int tokens) {
        reasoningTokens = tokens;
    }

    /** What came since the last call; empty where nothing did. Half a surrogate pair waits for its other half. */
    String takeText() {
        int length = text.length();
        if (length == 0) {
            return "";
        }
        if (Character.isHighSurrogate(text.charAt(length - 1))) {
            length--;
        }
        String taken = text.substring(0, length);
        text.delete(0, length);
        return taken;
    }

    /** The provider said that this was all. */
    boolean done() {
        return done;
    }

    /** Whether the reply is whole: a reason was told, or its end. */
    boolean complete() {
        return done || reason != null;
    }

    FinishReason reason() {
        return reason == null ? FinishReason.STOP : reason;
    }

    /** Why a filter took it; empty where none did or it did not say. */
    String detail() {
        return detail;
    }

    /** Tokens of the prompt as told, or -1. */
    int promptTokens() {
        return promptTokens;
    }

    /** Tokens of the reply as told, or -1. */
    int completionTokens() {
        return completionTokens;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    int reasoningTokens() {
        return reasoningTokens;
    }
}
