package io.kvasir.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Whether a streamed reply arrived whole: what a reader can tell from the positions of its events alone. */
public final class ReplyPositions {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern MARK = Pattern.compile("\\[(\\d+)]");

    private final StringBuilder text = new StringBuilder();
    private final Set<Integer> announced = new HashSet<>();
    private String turn = "";
    private boolean ended;
    private Optional<String> wrong = Optional.empty();

    /**
     * Reads the events of one turn in the order of their arrival.
     *
     * @param events each as {@code {"event":…,"id":…,"data":{…}}}
     */
    public ReplyPositions(List<String> events) {
        for (String event : events) {
            if (wrong.isEmpty()) {
                try {
                    wrong = next(JSON.readTree(event));
                } catch (JsonProcessingException e) {
                    wrong = Optional.of("no JSON: " + event);
                }
            }
        }
        if (wrong.isEmpty() && !ended) {
            wrong = Optional.of("no terminal event after " + text.length());
        }
    }

    /**
     * The first thing that is wrong: no beginning, a position that does not follow from the text before it, a mark that was
     * not announced, an event of another turn, anything after the end, an end other than {@code turn.completed} or none;
     * empty where all is well.
     */
    public Optional<String> wrong() {
        return wrong;
    }

    /** All that was said. */
    public String text() {
        return text.toString();
    }

    private Optional<String> next(JsonNode event) {
        String name = event.path("event").asText();
        if (name.isEmpty()) {
            return Optional.empty(); // the time to wait before a retry
        }
        if (ended) {
            return Optional.of(name + " after the end");
        }
        String[] id = event.path("id").asText().split(":", 2);
        if (name.equals("turn.started")) {
            turn = id[0];
        }
        if (id.length != 2 || turn.isEmpty() || !id[0].equals(turn)) {
            return Optional.of(name + " at " + event.path("id") + " in turn '" + turn + "'");
        }
        return switch (name) {
            case "retrieval" -> {
                event.at("/data/citations")
                        .forEach(citation -> announced.add(citation.path("n").asInt()));
                yield Optional.empty();
            }
            case "delta" -> delta(event.at("/data/text").asText(), id[1]);
            case "turn.completed" -> {
                ended = true;
                yield id[1].equals("end") ? Optional.empty() : Optional.of("an end at " + id[1]);
            }
            case "turn.failed", "turn.stopped" -> Optional.of(name + ": " + event.path("data"));
            default -> Optional.empty();
        };
    }

    private Optional<String> delta(String piece, String offset) {
        text.append(piece);
        if (!offset.equals(Integer.toString(text.length()))) {
            return Optional.of("position " + offset + " where the text is " + text.length() + " long");
        }
        return MARK.matcher(text)
                .results()
                .map(MatchResult::group)
                .filter(mark -> !announced.contains(Integer.parseInt(mark.substring(1, mark.length() - 1))))
                .map(mark -> mark + " was not announced")
                .findFirst();
    }
}
