package io.kvasir.ingestion.web;

import io.kvasir.http.Json;
import io.kvasir.outbound.WebAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an owner wants of a site.
 *
 * @param mode which pages: this one, those of its sitemap, those its links lead to
 * @param depth links from the first page; for {@link Mode#CRAWL}
 * @param pages most of them
 * @param include beginnings of paths, one of which a page must have; empty for all
 * @param exclude beginnings of paths no page may have
 * @param hosts further ones that belong to it
 */
record Site(
        String url, Mode mode, int depth, int pages, List<String> include, List<String> exclude, List<String> hosts) {
    private static final Pattern TRACKING = Pattern.compile("utm_[a-z_]+|gclid|fbclid|msclkid|mc_eid|mc_cid");

    enum Mode {
        PAGE,
        SITEMAP,
        CRAWL
    }

    Site {
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
        hosts = List.copyOf(hosts);
    }

    static Site read(String json) {
        return Json.read(json, Site.class);
    }

    WebAddress first() {
        return WebAddress.parse(url).orElseThrow();
    }

    /** Whether an address belongs to it. The first page always does. */
    boolean holds(WebAddress address) {
        if (key(address).equals(key(first()))) {
            return true;
        }
        String path = address.uri().getPathString();
        return (bare(authority(address)).equals(bare(authority(first())))
                        || hosts.stream()
                                .anyMatch(host ->
                                        bare(host.toLowerCase(Locale.ROOT)).equals(bare(authority(address)))))
                && (include.isEmpty() || include.stream().anyMatch(path::startsWith))
                && exclude.stream().noneMatch(path::startsWith);
    }

    /** Host, and the port where it is not the scheme's own. */
    static String authority(WebAddress address) {
        int usual = address.scheme().equals("https") ? 443 : 80;
        return address.port() == usual ? address.host() : address.host() + ":" + address.port();
    }

    private static String bare(String host) {
        return host.startsWith("www.") ? host.substring(4) : host;
    }

    /** The address a page is known by: without what only counts visitors. */
    static String key(WebAddress address) {
        Optional<String> query = address.uri()
                .rawQueryString()
                .map(text -> Stream.of(text.split("&"))
                        .filter(pair -> !pair.isEmpty()
                                && !TRACKING.matcher(pair.substring(
                                                0, pair.indexOf('=') < 0 ? pair.length() : pair.indexOf('=')))
                                        .matches())
                        .collect(Collectors.joining("&")))
                .filter(text -> !text.isEmpty());
        return address.scheme() + "://" + authority(address) + address.uri().getPathString()
                + query.map(text -> "?" + text).orElse("");
    }
}
