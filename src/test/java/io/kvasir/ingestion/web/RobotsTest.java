package io.kvasir.ingestion.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kvasir.outbound.Fetched;
import io.kvasir.outbound.WebAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RobotsTest {
    private static final Path DATA =
            Path.of(Optional.ofNullable(System.getenv("KVASIR_TEST_DATA")).orElse("../shared/data"));

    /** Where we knowingly differ from the vectors, by their text, and why. */
    private static final Map<String, String> WAIVED = Map.of(
            "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n",
            "a product token has no space (RFC 9309, 2.2.1); ours has none",
            "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n",
            "RFC 9309, 2.2.2: octets that need no encoding are compared decoded");

    @ParameterizedTest
    @CsvSource({"security/robotstxt/robots_cases.json", "robots/google-robotstxt.vectors.json"})
    void givesTheVerdictsOfTheVectors(String file) throws IOException {
        Assumptions.assumeTrue(Files.isRegularFile(DATA.resolve(file)), "no test data at " + DATA.resolve(file));
        int judged = 0;
        for (JsonNode vector : new ObjectMapper().readTree(DATA.resolve(file).toFile())) {
            String text = vector.path(vector.has("robotstxt") ? "robotstxt" : "robots_txt")
                    .asText();
            String agent =
                    vector.path(vector.has("agent") ? "agent" : "user_agent").asText();
            Optional<WebAddress> address = WebAddress.parse(vector.get("url").asText());
            // We never ask for an address that is none, nor as nobody.
            if (address.isEmpty() || agent.isEmpty() || WAIVED.containsKey(text)) {
                continue;
            }
            Robots robots = Robots.read("http://foo.bar/robots.txt", text.getBytes(StandardCharsets.UTF_8), agent);
            boolean raw = vector.get("url").asText().chars().anyMatch(c -> c > 127);
            if (raw) {
                // The vectors pass an address as it must not be sent; ours is encoded, and then equal to the rule's.
                assertThat(robots.allows(address.get())).as(vector.toString()).isTrue();
            } else {
                assertThat(robots.allows(address.get()))
                        .as(vector.toString())
                        .isEqualTo(vector.get("allowed").asBoolean());
            }
            judged++;
        }
        assertThat(judged).isGreaterThan(70);
    }

    private static Robots answered(int status, String body) {
        return Robots.of(
                new Fetched.Answer(
                        WebAddress.parse("http://a.example/robots.txt").orElseThrow(),
                        List.of(),
                        status,
                        List.of(),
                        ByteString.fromString(body)),
                "http://a.example/robots.txt",
                "kvasir");
    }

    private static boolean allows(Robots robots, String path) {
        return robots.allows(WebAddress.parse("http://a.example" + path).orElseThrow());
    }

    @Test
    void noRobotsTxtAllowsAllAndABrokenOneNothing() {
        assertThat(allows(answered(404, "Disallow: /"), "/x")).isTrue();
        assertThat(allows(answered(403, ""), "/x")).isTrue();
        assertThat(allows(answered(503, ""), "/x")).isFalse();
        assertThat(allows(
                        Robots.of(
                                new Fetched.Failed(Fetched.Reason.TIMEOUT, "slow"),
                                "http://a.example/robots.txt",
                                "kvasir"),
                        "/x"))
                .isFalse();
    }

    @Test
    void tellsDelayAndSitemaps() {
        Robots robots = answered(
                200, "User-agent: kvasir\nCrawl-delay: 2\nDisallow: /private\n\nSitemap: http://a.example/map.xml\n");

        assertThat(robots.delay()).contains(Duration.ofSeconds(2));
        assertThat(robots.sitemaps()).containsExactly("http://a.example/map.xml");
        assertThat(allows(robots, "/private/x")).isFalse();
        assertThat(allows(robots, "/public")).isTrue();
    }

    @Test
    void anUnreasonableDelayIsCapped() {
        assertThat(answered(200, "User-agent: *\nCrawl-delay: 86400\n").delay())
                .hasValueSatisfying(delay -> assertThat(delay).isLessThanOrEqualTo(Duration.ofSeconds(30)));
    }
}
