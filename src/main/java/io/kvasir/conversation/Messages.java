package io.kvasir.conversation;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.kvasir.answering.AnswerEvent;
import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.http.Json;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.kernel.ConversationId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection.FieldError;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Conversations and their messages as the outer face shows them. */
final class Messages {
    private Messages() {}

    /** Who talks to a knowledge base, as far as they said. */
    @JsonInclude(JsonInclude.Include.NON_ABSENT)
    record EndUser(
            Optional<String> name,
            Optional<String> email,
            Optional<String> phone,
            Optional<Map<String, String>> metadata) {
        private static final int LONGEST_FIELD = 300;
        private static final int MOST_METADATA = 20;

        /**
         * As somebody sends it; what is stored already is taken as it is.
         *
         * @param at where it stands, JSON pointer
         * @throws Json.Refusal where something is too long or too much
         */
        void check(String at) {
            List<FieldError> errors = new ArrayList<>();
            name.ifPresent(value -> limited(errors, at + "/name", value));
            email.ifPresent(value -> limited(errors, at + "/email", value));
            phone.ifPresent(value -> limited(errors, at + "/phone", value));
            metadata.ifPresent(all -> limited(errors, at + "/metadata", all));
            if (!errors.isEmpty()) {
                throw Json.Refusal.of(errors.toArray(FieldError[]::new));
            }
        }

        private static void limited(List<FieldError> errors, String at, Map<String, String> all) {
            if (all.size() > MOST_METADATA) {
                errors.add(new FieldError(at, "must have at most " + MOST_METADATA + " entries"));
            } else if (all.keySet().stream().anyMatch(key -> key.length() > LONGEST_FIELD)) {
                errors.add(new FieldError(at, "must have keys of at most " + LONGEST_FIELD + " characters"));
            } else {
                all.forEach((key, value) ->
                        limited(errors, at + "/" + key.replace("~", "~0").replace("/", "~1"), value));
            }
        }

        private static void limited(List<FieldError> errors, String at, @Nullable String value) {
            if (value != null && value.length() > LONGEST_FIELD) {
                errors.add(new FieldError(at, "must have at most " + LONGEST_FIELD + " characters"));
            }
        }
    }

    /** Whether a conversation goes on. */
    enum Standing {
        @JsonProperty("active")
        ACTIVE,
        @JsonProperty("closed")
        CLOSED
    }

    /** Who says a message. */
    enum Role {
        @JsonProperty("user")
        USER,
        @JsonProperty("assistant")
        ASSISTANT
    }

    /** How a reply stands. */
    enum State {
        @JsonProperty("running")
        RUNNING,
        @JsonProperty("completed")
        COMPLETED,
        @JsonProperty("failed")
        FAILED,
        @JsonProperty("stopped")
        STOPPED;

        static State of(Turn.Status status) {
            return switch (status) {
                case RUNNING -> RUNNING;
                case COMPLETED -> COMPLETED;
                case FAILED -> FAILED;
                case STOPPED -> STOPPED;
            };
        }
    }

    /** What a reader thought of a reply. */
    enum Thumb {
        @JsonProperty("up")
        UP,
        @JsonProperty("down")
        DOWN;

        static Thumb of(Turn.Rating rating) {
            return switch (rating) {
                case UP -> UP;
                case DOWN -> DOWN;
            };
        }
    }

    /** @param turns how many questions were asked; @param updatedAt of the last message, or when it was closed */
    record View(
            ConversationId id,
            KnowledgeBaseId kbId,
            Standing status,
            int turns,
            Optional<EndUser> endUser,
            Instant createdAt,
            Instant updatedAt) {}

    /** @param content of a running reply: what was said so far */
    @JsonInclude(JsonInclude.Include.NON_ABSENT)
    record Message(
            String id,
            String turnId,
            Role role,
            String content,
            Optional<State> status,
            Optional<List<AnswerEvent.Citation>> citations,
            Optional<List<Integer>> cited,
            Optional<String> finishReason,
            Optional<Ending.Usage> usage,
            Optional<Ending.Timings> timings,
            Optional<Ending.Failure> error,
            Optional<Thumb> feedback,
            Optional<Long> revision,
            Instant createdAt) {}

    static View view(ConversationId id, Reply.Page page, Optional<SubjectKey> key) {
        Conversation.Opening opening = page.opening();
        return new View(
                id,
                opening.knowledgeBase(),
                page.closed() ? Standing.CLOSED : Standing.ACTIVE,
                page.count(),
                opening.endUser().flatMap(user -> key.map(k -> Json.read(k.open(user), EndUser.class))),
                opening.at(),
                page.changedAt());
    }

    static List<Message> of(ConversationId id, Turn turn, Optional<String> live, Optional<SubjectKey> key) {
        return List.of(question(id, turn, key), reply(id, turn, live, key));
    }

    private static Message question(ConversationId id, Turn turn, Optional<SubjectKey> key) {
        return new Message(
                MessageIds.question(id, turn.number()),
                Integer.toString(turn.number()),
                Role.USER,
                Opened.text(turn.question(), key),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                turn.askedAt());
    }

    static Message reply(ConversationId id, Turn turn, Optional<String> live, Optional<SubjectKey> key) {
        Optional<Ending> ending = turn.ending();
        return new Message(
                MessageIds.reply(id, turn.number()),
                Integer.toString(turn.number()),
                Role.ASSISTANT,
                live.filter(_ -> ending.isEmpty()).orElseGet(() -> Opened.reply(turn, key)),
                Optional.of(State.of(turn.status())),
                Optional.of(Opened.sources(turn, key).map(Sources::citations).orElse(List.of())),
                ending.map(Ending::cited),
                ending.flatMap(Ending::finishReason),
                ending.flatMap(Ending::usage),
                ending.flatMap(Ending::timings),
                ending.flatMap(Ending::failure),
                turn.feedback().map(f -> Thumb.of(f.rating())),
                Optional.of(turn.revision()),
                ending.map(Ending::at).orElse(turn.askedAt()));
    }
}
