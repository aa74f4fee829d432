package io.kvasir.outbound;

import java.net.IDN;
import java.util.Locale;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.Uri;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;

/**
 * An absolute http or https address. Parsed once, by the parser of the client that uses it; nobody reads the text again
 * in another way.
 */
public record WebAddress(Uri uri) {
    /** Longest address, in characters. */
    public static final int LONGEST = 2_048;

    public WebAddress {
        String scheme = uri.getScheme();
        if (!(scheme.equals("http") || scheme.equals("https"))
                || uri.getHost().address().isEmpty()
                || !uri.getUserInfo().isEmpty()) {
            throw new IllegalArgumentException("not a web address");
        }
    }

    /** Empty where the text is no address we would go to; a fragment is left out. */
    public static Optional<WebAddress> parse(String text) {
        String stripped = text.strip();
        if (stripped.length() > LONGEST || stripped.chars().anyMatch(c -> c <= ' ' || c == '\\' || c == 127)) {
            return Optional.empty();
        }
        try {
            int at = stripped.indexOf('#');
            Uri uri = Uri.create(ascii(at < 0 ? stripped : stripped.substring(0, at)));
            return Optional.of(new WebAddress(uri.path().isEmpty() ? uri.addPathSegment("") : uri));
        } catch (IllegalUriException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Where a Location header or a link leads from here. */
    public Optional<WebAddress> resolve(String reference) {
        try {
            return parse(java.net
                    .URI
                    .create(uri.toString())
                    .resolve(encoded(reference.strip()))
                    .toString());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    public String scheme() {
        return uri.getScheme();
    }

    public String host() {
        return uri.getHost().address().toLowerCase(Locale.ROOT);
    }

    public int port() {
        return uri.getPort() > 0 ? uri.getPort() : scheme().equals("https") ? 443 : 80;
    }

    /** Whether scheme, host and port are the same. */
    public boolean sameOrigin(WebAddress other) {
        return scheme().equals(other.scheme()) && host().equals(other.host()) && port() == other.port();
    }

    @Override
    public String toString() {
        return uri.toString();
    }

    /** Names in other scripts as they are asked for (IDNA), other characters percent-encoded. */
    private static String ascii(String text) {
        int host = text.indexOf("://");
        if (host < 0) {
            return encoded(text);
        }
        int from = host + 3;
        int to = from;
        while (to < text.length() && "/?:".indexOf(text.charAt(to)) < 0) {
            to++;
        }
        String name = text.substring(from, to);
        return text.chars().allMatch(c -> c < 128)
                ? text
                : text.substring(0, from)
                        + (name.chars().allMatch(c -> c < 128) ? name : IDN.toASCII(name))
                        + encoded(text.substring(to));
    }

    private static String encoded(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c > ' ' && c < 127 && c != '"' && c != '<' && c != '>' && c != '`' && c != '{' && c != '}'
                    && c != '|') {
                out.append((char) c);
            } else {
                for (byte b : Character.toString(c).getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
                    out.append(String.format("%%%02X", b & 0xFF));
                }
            }
        });
        return out.toString();
    }
}
