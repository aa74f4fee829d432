package io.kvasir.audit;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterMap;
import static org.apache.pekko.http.javadsl.server.Directives.withoutRequestTimeout;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.kernel.Rejection;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/audit}: for those who own the tenant. */
public final class AuditRoutes {
    private static final String ALL = "/api/v1/audit";

    private final Audit audit;

    public AuditRoutes(Audit audit) {
        this.audit = audit;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                asking(Endpoint.get(ALL, Access.OWN, this::list))
                        .says("List who did what, newest first")
                        .givesPage(AuditEntry.class),
                asking(Endpoint.get(ALL + "/export", Access.OWN, this::export))
                        .says("Export who did what as CSV, newest first")
                        .givesMedia(200, "text/csv"),
                Endpoint.get(
                                ALL + "/proof",
                                Access.OWN,
                                call -> onSuccess(
                                        audit.verify(call.caller().tenant()), proof -> complete(Json.ok(proof))))
                        .says("Check that no line was changed, removed or inserted")
                        .gives(200, Audit.Proof.class));
    }

    private static Endpoint asking(Endpoint endpoint) {
        return endpoint.asks("actor", "Who did it: user/{id}")
                .asks("action", "What was done: knowledge-bases.created")
                .asks("subject", "What it was done to, its parts included: knowledge-bases/{id}")
                .asks("from", Instant.class, "First moment, ISO 8601")
                .asks("to", Instant.class, "Before this moment, ISO 8601");
    }

    private Route list(Call call) {
        return filtered(filter -> Page.requested(page ->
                onSuccess(audit.list(call.caller().tenant(), filter, page), entries -> complete(Json.ok(entries)))));
    }

    private Route export(Call call) {
        return filtered(filter -> withoutRequestTimeout(() -> complete(HttpResponse.create()
                .withEntity(HttpEntities.create(
                        ContentTypes.TEXT_CSV_UTF8,
                        AuditCsv.of(audit.all(call.caller().tenant(), filter))))
                .addHeader(RawHeader.create("Content-Disposition", "attachment; filename=\"audit.csv\"")))));
    }

    private static Route filtered(Function<Audit.Filter, Route> inner) {
        return parameterMap(given -> inner.apply(new Audit.Filter(
                text(given, "actor"),
                text(given, "action"),
                text(given, "subject"),
                moment(given, "from"),
                moment(given, "to"))));
    }

    private static Optional<String> text(Map<String, String> given, String name) {
        return Optional.ofNullable(given.get(name)).filter(value -> !value.isBlank());
    }

    private static Optional<Instant> moment(Map<String, String> given, String name) {
        try {
            return text(given, name).map(Instant::parse);
        } catch (DateTimeParseException e) {
            throw new Json.Refusal(Rejection.Invalid.field("?" + name, "must be a moment like 2026-11-21T12:00:00Z"));
        }
    }
}
