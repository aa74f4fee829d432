package io.kvasir.ingestion.web;

import java.time.Duration;

/**
 * How pages are fetched.
 *
 * @param pause between two requests to a host, whoever wants them; a site's crawl-delay counts where it is longer
 * @param pagesAtOnce of one source
 * @param mostPages of one source, whatever its owner wants
 * @param agent our name in robots.txt
 */
public record WebSourceSettings(Duration pause, int pagesAtOnce, int mostPages, String agent) {
    public WebSourceSettings {
        if (pagesAtOnce < 1 || mostPages < 1 || agent.isBlank() || pause.isNegative()) {
            throw new IllegalArgumentException("sources.web: pause, pages-at-once, most-pages or agent is wrong");
        }
    }
}
