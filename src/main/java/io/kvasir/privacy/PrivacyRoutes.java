package io.kvasir.privacy;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.withoutRequestTimeout;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.UserId;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/privacy}: everybody for themselves, owners for their people and their tenant. */
public final class PrivacyRoutes {
    private final Privacy privacy;

    public PrivacyRoutes(Privacy privacy) {
        this.privacy = privacy;
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post("/api/v1/privacy/export", Access.ACCOUNT, this::export)
                        .says("Take away everything that is kept of a person, oneself unless told")
                        .takes(Export.class)
                        .givesMedia(200, "application/zip"),
                Endpoint.post("/api/v1/privacy/erase", Access.ACCOUNT, this::erase)
                        .says("Erase a person, a knowledge base or the whole tenant, with a receipt for every store")
                        .takes(Erase.class)
                        .gives(200, Receipt.class));
    }

    private Route export(Call call) {
        return entity(Json.body(Export.class), body -> {
            String user = body.userId() == null ? call.caller().user().value() : body.userId();
            return withoutRequestTimeout(() -> Problems.answer(
                    privacy.about(call.caller(), new UserId(user)),
                    person -> HttpResponse.create()
                            .withEntity(HttpEntities.create(
                                    ContentTypes.create(MediaTypes.APPLICATION_ZIP), privacy.everything(person)))
                            .addHeader(RawHeader.create(
                                    "Content-Disposition", "attachment; filename=\"personal-data.zip\""))));
        });
    }

    private Route erase(Call call) {
        Principal caller = call.caller();
        return entity(
                Json.body(Erase.class),
                body -> withoutRequestTimeout(() -> {
                    if (body.userId() != null) {
                        return Problems.answerWith(
                                privacy.about(caller, new UserId(body.userId())),
                                person -> Problems.answer(privacy.erase(person), Json::ok));
                    }
                    if (body.knowledgeBaseId() != null) {
                        return caller.manages()
                                ? Problems.answer(
                                        privacy.erase(new Scope(
                                                caller.tenant(), new KnowledgeBaseId(body.knowledgeBaseId()))),
                                        Json::ok)
                                : forbidden();
                    }
                    if (!owns(caller)) {
                        return forbidden();
                    }
                    // Said in full, so that nobody deletes everything by a slip.
                    return caller.tenant().value().equals(body.tenantId())
                            ? onSuccess(privacy.erase(caller.tenant()), receipt -> complete(Json.ok(receipt)))
                            : Problems.refuse(
                                    Rejection.Invalid.field("/tenantId", "must be the id of your own tenant"));
                }));
    }

    private static boolean owns(Principal caller) {
        return caller.roles().contains(Principal.Role.OWNER) || caller.roles().contains(Principal.Role.SUPER_ADMIN);
    }

    private static Route forbidden() {
        return Problems.refuse(new Rejection.Forbidden("Your role does not allow this"));
    }

    record Export(@Nullable String userId) {
        Export {
            checked("/userId", userId);
        }
    }

    /** Exactly one of them. */
    record Erase(
            @Nullable String userId,
            @Nullable String knowledgeBaseId,
            @Nullable String tenantId) {
        Erase {
            if (Stream.of(userId, knowledgeBaseId, tenantId)
                            .filter(java.util.Objects::nonNull)
                            .count()
                    != 1) {
                throw Json.Refusal.of(new FieldError("", "name one of userId, knowledgeBaseId and tenantId"));
            }
            checked("/userId", userId);
            checked("/knowledgeBaseId", knowledgeBaseId);
            checked("/tenantId", tenantId);
        }
    }

    private static void checked(String pointer, @Nullable String id) {
        if (id != null && !Ids.safe(id)) {
            throw Json.Refusal.of(new FieldError(pointer, "is not an id"));
        }
    }
}
