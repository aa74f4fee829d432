package io.kvasir.bench;

import java.util.List;

/**
 * What to measure and how much of it.
 *
 * @param seconds of each measurement
 * @param warm seconds of talk before anything is measured: until then the compiler takes a part of the CPU
 * @param rate tokens a second of one stream
 * @param streams that talk at a time
 * @param requests a second
 * @param idle streams that are silent
 * @param jvm more options for the JVMs that are measured
 */
record StreamOptions(
        List<String> parts, int seconds, int warm, int rate, int streams, int requests, int idle, String[] jvm) {
    static StreamOptions of(String[] args) {
        StreamOptions o = new StreamOptions(
                List.of("first", "cpu", "idle", "control"), 10, 60, 50, 500, 50, 9_500, new String[0]);
        for (String arg : args) {
            String[] sides = arg.split("=", 2);
            if (sides.length != 2) {
                throw new IllegalArgumentException("not NAME=VALUE: " + arg);
            }
            o = o.with(sides[0], sides[1]);
        }
        return o;
    }

    boolean has(String part) {
        return parts.contains(part);
    }

    private StreamOptions with(String name, String value) {
        return switch (name) {
            case "parts" ->
                new StreamOptions(List.of(value.split(",")), seconds, warm, rate, streams, requests, idle, jvm);
            case "seconds" ->
                new StreamOptions(parts, Integer.parseInt(value), warm, rate, streams, requests, idle, jvm);
            case "warm" ->
                new StreamOptions(parts, seconds, Integer.parseInt(value), rate, streams, requests, idle, jvm);
            case "rate" ->
                new StreamOptions(parts, seconds, warm, Integer.parseInt(value), streams, requests, idle, jvm);
            case "streams" ->
                new StreamOptions(parts, seconds, warm, rate, Integer.parseInt(value), requests, idle, jvm);
            case "requests" ->
                new StreamOptions(parts, seconds, warm, rate, streams, Integer.parseInt(value), idle, jvm);
            case "idle" ->
                new StreamOptions(parts, seconds, warm, rate, streams, requests, Integer.parseInt(value), jvm);
            case "jvm" -> new StreamOptions(parts, seconds, warm, rate, streams, requests, idle, value.split(" "));
            default -> throw new IllegalArgumentException("unknown option " + name);
        };
    }
}
