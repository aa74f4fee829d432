package io.kvasir.ingestion.web;

import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.ingestion.source.Visit;
import io.kvasir.jdbc.Transactor;
import io.kvasir.outbound.OutboundHttp;
import java.time.Clock;

/** Pages of the web: one, those of a sitemap, or those a crawl comes across. */
public final class WebKind implements SourceKind {
    static final String NAME = "web";

    private final OutboundHttp http;
    private final HostTurns turns;
    private final WebSourceSettings settings;
    private final Clock clock;

    public WebKind(OutboundHttp http, Transactor transactor, WebSourceSettings settings, Clock clock) {
        this.http = http;
        this.turns = new HostTurns(transactor, clock);
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean readsAnew(String before, String now) {
        return !Site.read(before).equals(Site.read(now));
    }

    @Override
    public String shown(String settings) {
        return settings;
    }

    @Override
    public Visit visit(Opened source) {
        return new WebVisit(source, Site.read(source.settings()), http, turns, settings, clock);
    }
}
