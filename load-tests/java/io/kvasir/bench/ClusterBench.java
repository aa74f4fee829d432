package io.kvasir.bench;

import io.kvasir.http.Json;
import io.kvasir.load.FakeReply;
import io.kvasir.system.ClusterStorm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * {@code ./dev bench cluster [KNOWLEDGE-BASES [STREAMS [KILLS]]]}: what clients of three servers notice when one is killed
 * (the oldest every other time), and when all are restarted one by one under load.
 */
public final class ClusterBench {
    private static final Duration WARM = Duration.ofSeconds(90);

    private ClusterBench() {}

    public static void main(String[] args) throws Exception {
        int bases = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
        int streams = args.length > 1 ? Integer.parseInt(args[1]) : 200;
        int kills = args.length > 2 ? Integer.parseInt(args[2]) : 5;
        Path folder = Files.createTempDirectory("cluster-bench");
        System.out.println("3 servers, " + bases + " knowledge bases, " + streams + " live streams; logs in " + folder);
        List<ClusterStorm.Kill> all = new ArrayList<>();
        ClusterStorm.Roll roll;
        try (ClusterStorm storm =
                new ClusterStorm(folder, bases, FakeReply.DEFAULT.with("first=100,rate=10,tokens=300"), false, false)) {
            for (int i = 0; i < kills; i++) {
                storm.warm(WARM, streams);
                ClusterStorm.Kill kill = storm.kill(i % 2 == 0, streams);
                all.add(kill);
                System.out.printf(
                        "kill %d%s: last knowledge base answers after %d ms, nine tenths after %d (without a kill the last after %d), %d asked again; characters lost %d, repeated %d; replies ended %d,"
                                + " cut %d, readers resumed %d; acknowledged %d, lost %d; machine load %s%n",
                        i + 1,
                        kill.oldest() ? " (oldest)" : "",
                        kill.answeredMs(),
                        kill.mostAnsweredMs(),
                        kill.undisturbedMs(),
                        kill.askedAgain(),
                        kill.lost(),
                        kill.repeated(),
                        kill.ended(),
                        kill.cut(),
                        kill.resumed(),
                        kill.acknowledged(),
                        kill.acknowledgedLost(),
                        load());
                System.out.println("  " + kill.timeline());
            }
            roll = storm.roll(4);
        }
        List<Long> times =
                all.stream().map(ClusterStorm.Kill::answeredMs).sorted().toList();
        long median = times.get(times.size() / 2);
        System.out.printf(
                "median %d ms; rolling restart in %d ms: %d requests, %d needed another try, %d failed; machine load %s%n",
                median,
                roll.tookMs(),
                roll.requests(),
                roll.again(),
                roll.failed().size(),
                load());
        roll.failed().forEach(System.out::println);
        System.out.println(Json.write(Map.of(
                "bench",
                "cluster",
                "knowledgeBases",
                bases,
                "streams",
                streams,
                "medianMs",
                median,
                "kills",
                all,
                "roll",
                roll)));
        boolean passed = median <= 6_000
                && roll.failed().isEmpty()
                && all.stream().allMatch(k -> k.lost() == 0 && k.repeated() == 0 && k.acknowledgedLost() == 0);
        if (passed) {
            // Of a run that failed the logs are worth a look.
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
            }
        }
        System.out.println(passed ? "PASSED" : "FAILED: see the bars above");
        System.exit(passed ? 0 : 1);
    }

    /** One, five and fifteen minutes, and how many processors there are to carry it. */
    private static String load() throws java.io.IOException {
        Path file = Path.of("/proc/loadavg");
        String[] words = Files.exists(file) ? Files.readString(file).split(" ") : new String[] {"?", "?", "?"};
        return words[0] + " " + words[1] + " " + words[2] + " on "
                + Runtime.getRuntime().availableProcessors() + " processors";
    }
}
