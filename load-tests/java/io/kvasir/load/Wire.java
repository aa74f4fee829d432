package io.kvasir.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** What the three providers' servers say, event by event; the official clients are the judges of it. */
public enum Wire {
    OPENAI {
        @Override
        List<String> events(List<String> tokens, Ending ending) {
            List<String> events = new ArrayList<>();
            for (int i = 0; i < tokens.size(); i++) {
                ObjectNode delta = JSON.createObjectNode();
                if (i == 0) {
                    delta.put("role", "assistant");
                }
                events.add(data(chunk(delta.put("content", tokens.get(i)), null)));
            }
            events.add(data(chunk(
                    JSON.createObjectNode(),
                    switch (ending) {
                        case STOP -> "stop";
                        case MOST_TOKENS -> "length";
                        case FILTERED, BLOCKED -> "content_filter";
                    })));
            ObjectNode last = chunk(JSON.createObjectNode(), null);
            last.putArray("choices");
            ObjectNode usage = last.putObject("usage");
            usage.put("prompt_tokens", 42).put("completion_tokens", 9).put("total_tokens", 51);
            usage.putObject("prompt_tokens_details").put("cached_tokens", 32);
            usage.putObject("completion_tokens_details").put("reasoning_tokens", 4);
            events.add(data(last));
            events.add("data: [DONE]\n\n");
            return events;
        }

        private ObjectNode chunk(ObjectNode delta, String reason) {
            ObjectNode chunk = JSON.createObjectNode()
                    .put("id", "chatcmpl-1")
                    .put("object", "chat.completion.chunk")
                    .put("created", 1_700_000_000)
                    .put("model", "m");
            ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
            choice.set("delta", delta);
            choice.put("finish_reason", reason);
            return chunk;
        }

        @Override
        String error(int status, String message) {
            String type =
                    switch (status) {
                        case 401 -> "invalid_api_key";
                        case 429 -> "rate_limit_exceeded";
                        case 400, 403, 404, 413 -> "invalid_request_error";
                        default -> "server_error";
                    };
            ObjectNode body = JSON.createObjectNode();
            body.putObject("error")
                    .put("message", message)
                    .put("type", type)
                    .putNull("param")
                    .put("code", type);
            return body.toString();
        }

        @Override
        String embeddings(List<float[]> vectors, boolean base64) {
            ObjectNode body = JSON.createObjectNode().put("object", "list").put("model", "m");
            ArrayNode data = body.putArray("data");
            for (int i = 0; i < vectors.size(); i++) {
                ObjectNode one = data.addObject().put("object", "embedding").put("index", i);
                if (base64) {
                    ByteBuffer bytes =
                            ByteBuffer.allocate(4 * vectors.get(i).length).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asFloatBuffer().put(vectors.get(i));
                    one.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
                } else {
                    numbers(one.putArray("embedding"), vectors.get(i));
                }
            }
            body.putObject("usage").put("prompt_tokens", 8).put("total_tokens", 8);
            return body.toString();
        }
    },
    ANTHROPIC {
        @Override
        List<String> events(List<String> tokens, Ending ending) {
            List<String> events = new ArrayList<>();
            ObjectNode start = JSON.createObjectNode().put("type", "message_start");
            ObjectNode message = start.putObject("message")
                    .put("id", "msg_1")
                    .put("type", "message")
                    .put("role", "assistant")
                    .put("model", "m");
            message.putArray("content");
            message.putNull("stop_reason");
            message.putNull("stop_sequence");
            message.putObject("usage")
                    .put("input_tokens", 10)
                    .put("cache_creation_input_tokens", 0)
                    .put("cache_read_input_tokens", 32)
                    .put("output_tokens", 1);
            events.add(event(start));
            ObjectNode thinking =
                    JSON.createObjectNode().put("type", "content_block_start").put("index", 0);
            thinking.putObject("content_block")
                    .put("type", "thinking")
                    .put("thinking", "")
                    .put("signature", "");
            events.add(event(thinking));
            events.add(event(JSON.createObjectNode().put("type", "ping")));
            ObjectNode thought =
                    JSON.createObjectNode().put("type", "content_block_delta").put("index", 0);
            thought.putObject("delta").put("type", "thinking_delta").put("thinking", "nobody's business");
            events.add(event(thought));
            events.add(event(
                    JSON.createObjectNode().put("type", "content_block_stop").put("index", 0)));
            ObjectNode block =
                    JSON.createObjectNode().put("type", "content_block_start").put("index", 1);
            block.putObject("content_block").put("type", "text").put("text", "");
            events.add(event(block));
            for (String token : tokens) {
                ObjectNode delta = JSON.createObjectNode()
                        .put("type", "content_block_delta")
                        .put("index", 1);
                delta.putObject("delta").put("type", "text_delta").put("text", token);
                events.add(event(delta));
            }
            events.add(event(
                    JSON.createObjectNode().put("type", "content_block_stop").put("index", 1)));
            ObjectNode end = JSON.createObjectNode().put("type", "message_delta");
            end.putObject("delta")
                    .put(
                            "stop_reason",
                            switch (ending) {
                                case STOP -> "end_turn";
                                case MOST_TOKENS -> "max_tokens";
                                case FILTERED, BLOCKED -> "refusal";
                            })
                    .putNull("stop_sequence");
            end.putObject("usage")
                    .put("output_tokens", 9)
                    .putObject("output_tokens_details")
                    .put("thinking_tokens", 4);
            events.add(event(end));
            events.add(event(JSON.createObjectNode().put("type", "message_stop")));
            return events;
        }

        private String event(ObjectNode json) {
            return "event: " + json.get("type").asText() + "\n" + data(json);
        }

        @Override
        String error(int status, String message) {
            ObjectNode body = JSON.createObjectNode().put("type", "error");
            body.putObject("error")
                    .put(
                            "type",
                            switch (status) {
                                case 400 -> "invalid_request_error";
                                case 401 -> "authentication_error";
                                case 403 -> "permission_error";
                                case 404 -> "not_found_error";
                                case 408, 504 -> "timeout_error";
                                case 413 -> "request_too_large";
                                case 429 -> "rate_limit_error";
                                case 529 -> "overloaded_error";
                                default -> "api_error";
                            })
                    .put("message", message);
            return body.put("request_id", "req_1").toString();
        }

        @Override
        String embeddings(List<float[]> vectors, boolean base64) {
            throw new IllegalStateException("this provider has no embeddings");
        }
    },
    GEMINI {
        @Override
        List<String> events(List<String> tokens, Ending ending) {
            List<String> events = new ArrayList<>();
            if (ending == Ending.BLOCKED) {
                ObjectNode blocked = JSON.createObjectNode();
                blocked.putObject("promptFeedback").put("blockReason", "PROHIBITED_CONTENT");
                usage(blocked, false);
                return List.of(crlf(blocked));
            }
            ObjectNode thinking = JSON.createObjectNode();
            content(thinking).put("text", "nobody's business").put("thought", true);
            events.add(crlf(thinking));
            for (int i = 0; i < tokens.size(); i++) {
                ObjectNode chunk = JSON.createObjectNode();
                content(chunk).put("text", tokens.get(i));
                boolean last = i == tokens.size() - 1;
                if (last) {
                    ((ObjectNode) chunk.get("candidates").get(0))
                            .put(
                                    "finishReason",
                                    switch (ending) {
                                        case STOP -> "STOP";
                                        case MOST_TOKENS -> "MAX_TOKENS";
                                        case FILTERED, BLOCKED -> "SAFETY";
                                    });
                }
                usage(chunk, last);
                events.add(crlf(chunk));
            }
            if (tokens.isEmpty()) {
                ObjectNode chunk = JSON.createObjectNode();
                chunk.putArray("candidates")
                        .addObject()
                        .put("finishReason", ending == Ending.FILTERED ? "SAFETY" : "STOP")
                        .put("index", 0);
                usage(chunk, true);
                events.add(crlf(chunk));
            }
            return events;
        }

        private ObjectNode content(ObjectNode chunk) {
            ObjectNode candidate = chunk.putArray("candidates").addObject().put("index", 0);
            ObjectNode content = candidate.putObject("content");
            ObjectNode part = content.putArray("parts").addObject();
            content.put("role", "model");
            return part;
        }

        private void usage(ObjectNode chunk, boolean last) {
            ObjectNode usage = chunk.putObject("usageMetadata")
                    .put("promptTokenCount", 42)
                    .put("cachedContentTokenCount", 32)
                    .put("totalTokenCount", 51);
            if (last) {
                usage.put("candidatesTokenCount", 5).put("thoughtsTokenCount", 4);
            }
            chunk.put("modelVersion", "m").put("responseId", "r1");
        }

        private String crlf(ObjectNode json) {
            return "data: " + json + "\r\n\r\n";
        }

        @Override
        String error(int status, String message) {
            ObjectNode body = JSON.createObjectNode();
            ObjectNode error = body.putObject("error")
                    .put("code", status)
                    .put("message", message)
                    .put(
                            "status",
                            switch (status) {
                                case 400, 413 -> "INVALID_ARGUMENT";
                                case 401 -> "UNAUTHENTICATED";
                                case 403 -> "PERMISSION_DENIED";
                                case 404 -> "NOT_FOUND";
                                case 408, 504 -> "DEADLINE_EXCEEDED";
                                case 429 -> "RESOURCE_EXHAUSTED";
                                case 500 -> "INTERNAL";
                                default -> "UNAVAILABLE";
                            });
            if (status == 429) {
                error.putArray("details")
                        .addObject()
                        .put("@type", "type.googleapis.com/google.rpc.RetryInfo")
                        .put("retryDelay", "57s");
            }
            return body.toString();
        }

        @Override
        String embeddings(List<float[]> vectors, boolean base64) {
            ObjectNode body = JSON.createObjectNode();
            ArrayNode all = body.putArray("embeddings");
            for (float[] vector : vectors) {
                numbers(all.addObject().putArray("values"), vector);
            }
            return body.toString();
        }
    };

    static final ObjectMapper JSON = new ObjectMapper();

    /** How a reply ends. */
    public enum Ending {
        STOP,
        MOST_TOKENS,
        /** A filter stopped the answer. */
        FILTERED,
        /** A filter stopped the question; where a provider has no such thing, the same as {@link #FILTERED}. */
        BLOCKED
    }

    /** Each with its blank line. Usage: 42 tokens of prompt, 32 of them cached; 9 made, 4 of them reasoning. */
    abstract List<String> events(List<String> tokens, Ending ending);

    /** The body of a refusal. @param message as the provider words it */
    abstract String error(int status, String message);

    abstract String embeddings(List<float[]> vectors, boolean base64);

    /** The whole stream of a reply. */
    public String stream(List<String> tokens, Ending ending) {
        return String.join("", events(tokens, ending));
    }

    /** An error where an event was expected. */
    public String errorEvent(int status, String message) {
        return (this == ANTHROPIC ? "event: error\n" : "") + "data: " + error(status, message) + "\n\n";
    }

    /** How many of the events come before the first token. */
    public int beforeTokens() {
        return switch (this) {
            case OPENAI -> 0;
            case ANTHROPIC -> 6;
            case GEMINI -> 1;
        };
    }

    private static String data(ObjectNode json) {
        return "data: " + json + "\n\n";
    }

    private static void numbers(ArrayNode array, float[] vector) {
        for (float x : vector) {
            array.add(x);
        }
    }
}
