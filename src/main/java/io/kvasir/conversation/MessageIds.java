package io.kvasir.conversation;

import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.Ids;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ids of messages: they name their conversation and turn, so that no table is needed to find them. */
final class MessageIds {
    private static final Pattern ID = Pattern.compile("([A-Za-z0-9_]{1,48})-([1-9][0-9]{0,8})-([qa])");

    private MessageIds() {}

    /** @param reply the answer, not the question */
    record Named(ConversationId conversation, int turn, boolean reply) {}

    static String question(ConversationId conversation, int turn) {
        return conversation.value() + "-" + turn + "-q";
    }

    static String reply(ConversationId conversation, int turn) {
        return conversation.value() + "-" + turn + "-a";
    }

    static Optional<Named> parse(String id) {
        Matcher matcher = ID.matcher(id);
        return matcher.matches() && Ids.safe(matcher.group(1))
                ? Optional.of(new Named(
                        new ConversationId(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        matcher.group(3).equals("a")))
                : Optional.empty();
    }
}
