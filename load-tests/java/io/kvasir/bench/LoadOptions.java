package io.kvasir.bench;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * How much load, and what of it is too slow.
 *
 * @param users at a time; of each tenant in a soak
 * @param p95 milliseconds that 95 % may take of what is asked, and p99 those of 99 %
 * @param errors percent of the requests, and of the replies and documents, that may fail
 * @param tenants how many, for those that have several
 * @param reply how the fake LLM answers, e.g. {@code first=100,rate=50,tokens=60,mode=cut,at=20}
 * @param url a server that runs already, instead of one of its own
 * @param accounts for such a server: a file with an address and a password on each line, an owner for each tenant
 * @param heap of the server's JVM, e.g. {@code 512m}
 * @param postgresql whether the server of its own has one, and not the embedded H2: {@code database=postgresql}
 */
record LoadOptions(
        int users,
        int seconds,
        int p95,
        int p99,
        double errors,
        int tenants,
        String reply,
        Optional<String> url,
        Optional<Path> accounts,
        Optional<String> heap,
        boolean postgresql) {

    /** @throws IllegalArgumentException for what is not an option, or no value of it */
    static LoadOptions of(String simulation, String[] args) {
        Map<String, String> told = new TreeMap<>(defaults(simulation));
        for (String arg : args) {
            String[] sides = arg.split("=", 2);
            if (sides.length != 2 || !(told.containsKey(sides[0]) || sides[0].equals("minutes"))) {
                throw new IllegalArgumentException(
                        "not NAME=VALUE of " + String.join(", ", told.keySet()) + " and minutes: " + arg);
            }
            told.put(sides[0], sides[1]);
        }
        int minutes = Integer.parseInt(told.getOrDefault("minutes", "0"));
        return new LoadOptions(
                number(told, "users"),
                minutes > 0 ? 60 * minutes : number(told, "seconds"),
                number(told, "p95"),
                number(told, "p99"),
                Double.parseDouble(told.get("errors")),
                number(told, "tenants"),
                told.get("reply"),
                Optional.of(told.get("url")).filter(url -> !url.isEmpty()).map(url -> url.replaceAll("/+$", "")),
                Optional.of(told.get("accounts"))
                        .filter(path -> !path.isEmpty())
                        .map(Path::of),
                Optional.of(told.get("heap")).filter(heap -> !heap.isEmpty()),
                switch (told.get("database")) {
                    case "h2" -> false;
                    case "postgresql" -> true;
                    default -> throw new IllegalArgumentException("database is h2 or postgresql");
                });
    }

    private static Map<String, String> defaults(String simulation) {
        Map<String, String> all = new TreeMap<>(Map.of(
                "users", "20",
                "seconds", "60",
                "p95", "1000",
                "p99", "2000",
                "errors", "0",
                "tenants", "1",
                "reply", "first=100,rate=50,tokens=60,cite=20",
                "url", "",
                "accounts", "",
                "heap", ""));
        all.put("database", "h2");
        all.putAll(
                switch (simulation) {
                    case "chat" -> Map.of();
                    case "search" -> Map.of("p95", "500", "p99", "1000");
                    case "upload" -> Map.of("users", "4", "p95", "5000", "p99", "10000");
                    case "mixed" -> Map.of("users", "8", "tenants", "4");
                    case "soak" -> Map.of("users", "4", "tenants", "3", "seconds", "1800", "heap", "512m");
                    default -> throw new IllegalArgumentException("there is no load " + simulation);
                });
        return all;
    }

    private static int number(Map<String, String> told, String name) {
        int n = Integer.parseInt(told.get(name));
        if (n < 1) {
            throw new IllegalArgumentException(name + " is at least 1");
        }
        return n;
    }
}
