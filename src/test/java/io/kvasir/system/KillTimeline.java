package io.kvasir.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where the time after a kill went, as those that stayed wrote it into their logs: milliseconds from the kill to each step. */
final class KillTimeline {
    private static final Pattern LINE = Pattern.compile("(\\S+T\\S+) +\\S+ +\\S+ - (.*)");

    /** In the order in which they come; of each the first and the last time is told. */
    private static final Map<String, Pattern> STEPS = new LinkedHashMap<>();

    static {
        STEPS.put("suspected", Pattern.compile("Marking node as UNREACHABLE"));
        STEPS.put("proven gone", Pattern.compile("member \\S+ has ended"));
        STEPS.put("decided", Pattern.compile("SBR took decision"));
        STEPS.put("removed", Pattern.compile("member \\S+ is gone"));
        STEPS.put("coordinators began", Pattern.compile("Singleton manager starting singleton actor"));
        STEPS.put("coordinators know", Pattern.compile("ShardCoordinator was moved to the active state"));
        STEPS.put(
                "a state came late", Pattern.compile("unable to (get an initial state|update a distributed state).*"));
    }

    private KillTimeline() {}

    /** @param logs of the servers that stayed */
    static Map<String, String> of(Instant killed, List<Path> logs) throws IOException {
        Map<String, long[]> found = new LinkedHashMap<>();
        for (Path log : logs) {
            for (String text : Files.readAllLines(log)) {
                Matcher line = LINE.matcher(text);
                if (line.matches()) {
                    long at = since(killed, line.group(1));
                    STEPS.forEach((name, step) -> {
                        if (at >= 0 && step.matcher(line.group(2)).find()) {
                            found.merge(name, new long[] {at, at}, (a, b) ->
                                    new long[] {Math.min(a[0], b[0]), Math.max(a[1], b[1])});
                        }
                    });
                }
            }
        }
        Map<String, String> told = new LinkedHashMap<>();
        for (String step : STEPS.keySet()) {
            long[] times = found.get(step);
            if (times != null) {
                told.put(step, times[0] == times[1] ? Long.toString(times[0]) : times[0] + " to " + times[1]);
            }
        }
        return told;
    }

    private static long since(Instant killed, String time) {
        try {
            return OffsetDateTime.parse(time).toInstant().toEpochMilli() - killed.toEpochMilli();
        } catch (DateTimeParseException notATime) {
            return -1;
        }
    }
}
