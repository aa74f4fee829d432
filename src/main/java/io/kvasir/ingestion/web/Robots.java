package io.kvasir.ingestion.web;

import crawlercommons.robots.BaseRobotRules;
import crawlercommons.robots.SimpleRobotRules;
import crawlercommons.robots.SimpleRobotRules.RobotRulesMode;
import crawlercommons.robots.SimpleRobotRulesParser;
import io.kvasir.outbound.Fetched;
import io.kvasir.outbound.WebAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a site allows us (RFC 9309). The reading of robots.txt is crawler-commons'. */
final class Robots {
    /** Longest pause between two requests we keep to: a larger one would stop the crawl for days. */
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(30);

    /** Odd lines of one robots.txt that are worth a word in the log. */
    private static final int WARNINGS = 5;

    private final BaseRobotRules rules;

    private Robots(BaseRobotRules rules) {
        this.rules = rules;
    }

    /** @param agent our product token, for example {@code kvasir} */
    static Robots read(String robotsAddress, byte[] text, String agent) {
        // Its own bound would read a large delay as a ban; ours keeps to what is reasonable.
        return new Robots(new SimpleRobotRulesParser(Duration.ofDays(3_650).toMillis(), WARNINGS)
                .parseContent(robotsAddress, text, "text/plain", List.of(agent.toLowerCase(Locale.ROOT))));
    }

    /** RFC 9309, 2.3.1: none there, everything is allowed; unreachable or failing, nothing is, until it answers again. */
    static Robots of(Fetched fetched, String robotsAddress, String agent) {
        return switch (fetched) {
            case Fetched.Answer answer
            when answer.status() >= 200 && answer.status() < 300 ->
                read(robotsAddress, answer.body().toArray(), agent);
            case Fetched.Answer answer
            when answer.status() >= 400 && answer.status() < 500 ->
                new Robots(new SimpleRobotRules(RobotRulesMode.ALLOW_ALL));
            case Fetched.Answer _, Fetched.Failed _ -> new Robots(new SimpleRobotRules(RobotRulesMode.ALLOW_NONE));
        };
    }

    boolean allows(WebAddress address) {
        return rules.isAllowed(address.toString());
    }

    /** The pause the site asks for between two requests. */
    Optional<Duration> delay() {
        long millis = rules.getCrawlDelay();
        return millis <= 0
                ? Optional.empty()
                : Optional.of(Duration.ofMillis(Math.min(millis, LONGEST_DELAY.toMillis())));
    }

    List<String> sitemaps() {
        return List.copyOf(rules.getSitemaps());
    }
}
