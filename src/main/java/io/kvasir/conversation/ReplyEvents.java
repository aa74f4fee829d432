package io.kvasir.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Position;
import io.kvasir.http.Json;
import io.kvasir.kernel.ConversationId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/** What is new in a reply, as server-sent events: the bytes, and the position after them. */
final class ReplyEvents {
    private ReplyEvents() {}

    /** @param after where the reader stands once it has these bytes; @param over the turn has ended with them */
    record Written(ByteString bytes, Position after, boolean over) {}

    private record Started(String turnId, String userMessageId, String messageId) {}

    private record Completed(
            String messageId,
            String finishReason,
            List<Integer> citations,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Ending.Usage> usage,
            @JsonInclude(JsonInclude.Include.NON_ABSENT) Optional<Ending.Timings> timings) {}

    /** RFC 9457, with the message it is about. */
    private record Failed(String type, String title, int status, String detail, String messageId) {}

    private record Stopped(String messageId) {}

    /**
     * Everything of a turn a reader at a place has not seen.
     *
     * @param from where in the reply {@code text} stands, UTF-16 units
     */
    static Written write(
            ConversationId conversation,
            int turn,
            boolean started,
            boolean sourced,
            Optional<Sources> sources,
            int from,
            CharSequence text,
            Optional<Ending> ending) {
        StringBuilder out = new StringBuilder(text.length() + 64);
        if (started) {
            event(
                    out,
                    "turn.started",
                    turn,
                    "0",
                    Json.write(new Started(
                            Integer.toString(turn),
                            MessageIds.question(conversation, turn),
                            MessageIds.reply(conversation, turn))));
        }
        sources.ifPresent(s -> event(out, "retrieval", turn, Integer.toString(from), Json.write(s)));
        int at = from + text.length();
        if (!text.isEmpty()) {
            out.append("event: delta\nid: ").append(turn).append(':').append(at).append("\ndata: {\"text\":\"");
            escaped(out, text);
            out.append("\"}\n\n");
        }
        ending.ifPresent(how -> ended(out, conversation, turn, how));
        return new Written(
                ByteString.fromArrayUnsafe(out.toString().getBytes(StandardCharsets.UTF_8)),
                ending.isPresent() ? Position.before(turn + 1) : new Position(turn, at, sourced || sources.isPresent()),
                ending.isPresent());
    }

    private static void ended(StringBuilder out, ConversationId conversation, int turn, Ending how) {
        String message = MessageIds.reply(conversation, turn);
        switch (how.status()) {
            case COMPLETED ->
                event(
                        out,
                        "turn.completed",
                        turn,
                        "end",
                        Json.write(new Completed(
                                message, how.finishReason().orElse("stop"), how.cited(), how.usage(), how.timings())));
            case STOPPED -> event(out, "turn.stopped", turn, "end", Json.write(new Stopped(message)));
            case FAILED, RUNNING -> {
                Ending.Failure why = how.failure().orElse(Endings.INTERRUPTED);
                event(
                        out,
                        "turn.failed",
                        turn,
                        "end",
                        Json.write(new Failed(
                                "urn:kvasir:problem:" + why.code().toLowerCase(Locale.ROOT),
                                "The answer failed",
                                502,
                                why.detail(),
                                message)));
            }
        }
    }

    private static void event(StringBuilder out, String name, int turn, String place, String json) {
        out.append("event: ")
                .append(name)
                .append("\nid: ")
                .append(turn)
                .append(':')
                .append(place)
                .append("\ndata: ")
                .append(json)
                .append("\n\n");
    }

    /** The inside of a JSON string (RFC 8259, section 7). A token is written so often that a tree would be a waste. */
    private static void escaped(StringBuilder out, CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
    }
}
