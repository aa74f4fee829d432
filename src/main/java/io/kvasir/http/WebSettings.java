package io.kvasir.http;

import java.util.List;

/**
 * @param frameOrigins exact origins whose pages may frame {@code /embed}; empty: none
 * @param indexPublicPages whether search engines may list public pages
 * @param front slug of the public page shown at {@code /}, while it is shared; otherwise {@code /} leads to the login
 */
public record WebSettings(List<String> frameOrigins, boolean indexPublicPages, String front) {
    public WebSettings {
        frameOrigins = List.copyOf(frameOrigins);
        for (String origin : frameOrigins) {
            if (!Origins.named(origin)) {
                throw new IllegalArgumentException(
                        "kvasir.web.frame-origins must hold origins such as https://shop.example, not " + origin);
            }
        }
    }
}
