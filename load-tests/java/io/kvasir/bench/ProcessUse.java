package io.kvasir.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a process has used, as Linux tells it. */
final class ProcessUse {
    /** {@code sysconf(_SC_CLK_TCK)} is 100 on every Linux this runs on. */
    private static final double TICK_MICROS = 10_000;

    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    private ProcessUse() {}

    /** User and system time so far, microseconds; in steps of 10 ms. */
    static double cpuMicros(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * TICK_MICROS;
    }

    /** So that what is measured is what is held, not what has not been thrown away yet. */
    static void collectGarbage(long pid) throws IOException, InterruptedException {
        jcmd(pid, "GC.run");
    }

    /** What a JVM says to a diagnostic command. */
    static String jcmd(long pid, String command) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), Long.toString(pid), command)
                .redirectErrorStream(true)
                .start();
        String said = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        jcmd.waitFor();
        return said;
    }

    /** What the heap of a JVM with G1 holds, bytes; right after {@link #collectGarbage} all of it is alive. */
    static long heapBytes(long pid) throws IOException, InterruptedException {
        Matcher used = USED.matcher(jcmd(pid, "GC.heap_info"));
        if (!used.find()) {
            throw new IOException("no heap of " + pid);
        }
        return Long.parseLong(used.group(1)) * 1024;
    }

    /** Resident set, bytes. */
    static long residentBytes(long pid) throws IOException {
        return status(pid, "VmRSS:") * 1024;
    }

    /** Files, connections among them. */
    static long openFiles(long pid) throws IOException {
        try (var open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            return open.count();
        }
    }

    static int threads(long pid) throws IOException {
        return (int) status(pid, "Threads:");
    }

    private static long status(long pid, String what) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith(what)) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("no " + what + " of " + pid);
    }
}
