package io.kvasir.bench;

import io.kvasir.http.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks at a server for as long as it is loaded: every 10 seconds how much of its heap is alive (counted by the collector
 * in the very pause that collected it, so that nothing new is among it), its threads, open files, resident memory and what
 * it keeps on the disk (which grows with what is kept).
 *
 * <p>The first third, but from 7 to 12 minutes, is warming up: classes, caches with a bound, entities that stay in memory for
 * five minutes. Of the rest the slope by least squares with its 95 % confidence tells: the heap is flat where even the upper end
 * is at most {@link #MOST} of it an hour. It is not where even the lower end is more. In between nobody can tell, and a
 * longer run is needed.
 */
final class HeapWatch {
    /** Of what is alive, an hour. */
    private static final double MOST = 0.10;

    private static final int EVERY_SECONDS = 10;
    private static final Pattern CLASS = Pattern.compile("\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+).*");
    private static final String FILLER = "[Ljdk.internal.vm.FillerElement;";

    private final long pid;
    private final Path data;
    private final int seconds;
    private final List<Sample> samples = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean over;
    /** Bytes by class, at the first look after warming up and at the last. */
    private Map<String, Long> before = Map.of();

    private Map<String, Long> after = Map.of();

    private record Sample(double hours, double heapMb, int threads, int files, double residentMb, double diskMb) {}

    private HeapWatch(long pid, Path data, int seconds) {
        this.pid = pid;
        this.data = data;
        this.seconds = seconds;
        this.thread = Thread.ofPlatform().daemon().name("heap-watch").start(this::watch);
    }

    /** @param data the server's folder */
    static HeapWatch start(long pid, Path data, int seconds) {
        return new HeapWatch(pid, data, seconds);
    }

    private void watch() {
        long began = System.nanoTime();
        long due = began;
        try {
            // What is still coming and going when the users leave is no part of the slope.
            while (!over && System.nanoTime() - began < seconds * 1_000_000_000L) {
                due += EVERY_SECONDS * 1_000_000_000L;
                TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
                samples.add(sample((System.nanoTime() - began) / 3.6e12));
                if (samples.size() % 6 == 0) {
                    System.out.println(line(samples.getLast()));
                }
            }
        } catch (IOException | InterruptedException gone) {
            System.out.println("the server could not be looked at any more: " + gone);
        }
    }

    private Sample sample(double hours) throws IOException, InterruptedException {
        Map<String, Long> alive = new HashMap<>();
        ProcessUse.jcmd(pid, "GC.class_histogram")
                .lines()
                .map(CLASS::matcher)
                .filter(Matcher::matches)
                .forEach(line -> {
                    if (!line.group(2).equals(FILLER)) {
                        alive.merge(line.group(2), Long.parseLong(line.group(1)), Long::sum);
                    }
                });
        if (alive.isEmpty()) {
            throw new IOException("jcmd does not tell what is alive");
        }
        if (before.isEmpty() && hours >= warm()) {
            before = alive;
        }
        after = alive;
        int files;
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            files = (int) open.count();
        }
        return new Sample(
                hours,
                alive.values().stream().mapToLong(Long::longValue).sum() / 1024.0 / 1024.0,
                ProcessUse.threads(pid),
                files,
                ProcessUse.residentBytes(pid) / 1024.0 / 1024.0,
                bytes(data) / 1024.0 / 1024.0);
    }

    private static long bytes(Path folder) throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                try {
                    sum += Files.isRegularFile(file) ? Files.size(file) : 0;
                } catch (NoSuchFileException deletedMeanwhile) {
                    // Then it takes no room.
                }
            }
        } catch (UncheckedIOException folderDeletedMeanwhile) {
            return sum;
        }
        return sum;
    }

    /** @return 0 where the heap is flat, 1 where it grows, 2 where that cannot be told */
    int told() throws InterruptedException {
        over = true;
        thread.join(TimeUnit.SECONDS.toMillis(60));
        List<Sample> settled = samples.stream().filter(s -> s.hours() >= warm()).toList();
        samples.forEach(s -> System.out.println(line(s)));
        if (settled.size() < 12) {
            System.out.println("too few looks at the server to tell anything: " + settled.size());
            return 2;
        }
        double[] hours = settled.stream().mapToDouble(Sample::hours).toArray();
        Slope heap =
                Slope.of(hours, settled.stream().mapToDouble(Sample::heapMb).toArray());
        Slope threads =
                Slope.of(hours, settled.stream().mapToDouble(Sample::threads).toArray());
        Slope files =
                Slope.of(hours, settled.stream().mapToDouble(Sample::files).toArray());
        Slope resident =
                Slope.of(hours, settled.stream().mapToDouble(Sample::residentMb).toArray());
        Slope disk =
                Slope.of(hours, settled.stream().mapToDouble(Sample::diskMb).toArray());
        double most = MOST * heap.mean();
        System.out.printf(
                "after %.1f minutes of warming up, %d looks in %.1f minutes%n",
                warm() * 60,
                settled.size(),
                (settled.getLast().hours() - settled.getFirst().hours()) * 60);
        tell("heap that is alive, MB", heap);
        tell("threads", threads);
        tell("open files", files);
        tell("resident memory, MB", resident);
        tell("data on disk, MB", disk);
        grown(settled.getLast().hours() - settled.getFirst().hours());
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("bench", "soak");
        result.put("seconds", seconds);
        result.put("heapMb", heap.mean());
        result.put("heapMbPerHour", List.of(heap.perUnit(), heap.low(), heap.high()));
        result.put("threads", threads.mean());
        result.put("files", files.mean());
        result.put("residentMb", resident.mean());
        result.put("diskMbPerHour", List.of(disk.perUnit(), disk.low(), disk.high()));
        System.out.println(Json.write(result));
        if (heap.high() <= most) {
            System.out.printf("heap flat: at most %.1f MB an hour, permitted %.1f%n", heap.high(), most);
            return 0;
        }
        if (heap.low() > most) {
            System.out.printf("heap grows: at least %.1f MB an hour, permitted %.1f%n", heap.low(), most);
            return 1;
        }
        System.out.printf(
                "not told: between %.1f and %.1f MB an hour, permitted %.1f; a longer run tells%n",
                heap.low(), heap.high(), most);
        return 2;
    }

    private double warm() {
        return Math.clamp(seconds / 3.0, 420, 720) / 3600.0;
    }

    /** Which classes it was: where to look first, should it be too much. */
    private void grown(double hours) {
        Map<String, Long> more = new HashMap<>(after);
        before.forEach((name, bytes) -> more.merge(name, -bytes, Long::sum));
        more.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(8)
                .forEach(one -> System.out.printf(
                        "  %+8.2f MB an hour of %s%n", one.getValue() / 1024.0 / 1024.0 / hours, one.getKey()));
    }

    private static void tell(String what, Slope slope) {
        System.out.printf(
                "%-30s mean %8.1f, slope %+8.2f an hour (95 %%: %+.2f to %+.2f)%n",
                what, slope.mean(), slope.perUnit(), slope.low(), slope.high());
    }

    private static String line(Sample s) {
        return "%5.1f min: heap %6.1f MB, threads %d, open files %d, resident %.0f MB, data %.0f MB"
                .formatted(s.hours() * 60, s.heapMb(), s.threads(), s.files(), s.residentMb(), s.diskMb());
    }
}
