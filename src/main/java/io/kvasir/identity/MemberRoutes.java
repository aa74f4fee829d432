package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.entity;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.UserId;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/members}, {@code /invitations} and {@code /api-keys}: who and what belongs to a tenant. */
public final class MemberRoutes {
    private final Identity identity;
    private final Idempotent idempotent;

    public MemberRoutes(Identity identity, Idempotent idempotent) {
        this.identity = identity;
        this.idempotent = idempotent;
    }

    public List<Endpoint> endpoints() {
        Members members = identity.members();
        Invitations invitations = identity.invitations();
        ApiKeys keys = identity.apiKeys();
        return List.of(
                Endpoint.get("/api/v1/members", Access.PEOPLE, call -> list(members.list(call.caller())))
                        .says("List the people of the tenant, all on one page")
                        .givesPage(Members.Member.class),
                Endpoint.put(
                                "/api/v1/members/{userId}",
                                Access.PEOPLE,
                                call -> body(
                                        AccountBodies.Give.class,
                                        give -> done(members.give(
                                                call.caller(),
                                                user(call),
                                                give.role().role()))))
                        .says("Give somebody another role")
                        .takes(AccountBodies.Give.class)
                        .givesNothing(),
                Endpoint.delete(
                                "/api/v1/members/{userId}",
                                Access.PEOPLE,
                                call -> done(members.remove(call.caller(), user(call))))
                        .says("Remove somebody from the tenant, with their keys")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/members/{userId}/suspend",
                                Access.PEOPLE,
                                call -> done(members.suspend(call.caller(), user(call))))
                        .says("Keep somebody out of the tenant, at once")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/members/{userId}/resume",
                                Access.PEOPLE,
                                call -> done(members.resume(call.caller(), user(call))))
                        .says("Let somebody into the tenant again")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/invitations",
                                Access.PEOPLE,
                                call -> idempotent.once(
                                        call.caller(),
                                        () -> body(
                                                AccountBodies.Invite.class,
                                                invite -> Problems.answer(
                                                        invitations.invite(
                                                                call.caller(),
                                                                invite.email(),
                                                                invite.role().role()),
                                                        Json::created))))
                        .says("Invite somebody to the tenant, by mail")
                        .takes(AccountBodies.Invite.class)
                        .gives(201, Invitations.Invitation.class)
                        .heedsKey(),
                Endpoint.get("/api/v1/invitations", Access.PEOPLE, call -> list(invitations.list(call.caller())))
                        .says("List invitations nobody has accepted yet, all on one page")
                        .givesPage(Invitations.Invitation.class),
                Endpoint.delete(
                                "/api/v1/invitations/{invitationId}",
                                Access.PEOPLE,
                                call -> done(invitations.withdraw(call.caller(), call.id("invitationId"))))
                        .says("Withdraw an invitation")
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/invitations/accept",
                                Access.ACCOUNT,
                                call -> body(
                                        AccountBodies.Token.class,
                                        token -> Problems.answer(
                                                invitations.accept(call.caller(), token.token()), Json::ok)))
                        .says("Accept an invitation to one's own address")
                        .takes(AccountBodies.Token.class)
                        .gives(200, Sessions.Choice.class),
                // A remembered reply would keep the key: making one is not idempotent.
                Endpoint.post(
                                "/api/v1/api-keys",
                                Access.PEOPLE,
                                call -> body(
                                        AccountBodies.NewKey.class,
                                        wanted -> Problems.answer(
                                                keys.make(
                                                        call.caller(),
                                                        wanted.name(),
                                                        wanted.permissions(),
                                                        Optional.ofNullable(wanted.endsAt())),
                                                Json::created)))
                        .says("Make an API key; it is shown this once")
                        .takes(AccountBodies.NewKey.class)
                        .gives(201, ApiKeys.Made.class),
                Endpoint.get("/api/v1/api-keys", Access.PEOPLE, call -> list(keys.list(call.caller())))
                        .says("List the tenant's API keys, all on one page")
                        .givesPage(ApiKeys.ApiKey.class),
                Endpoint.delete(
                                "/api/v1/api-keys/{keyId}",
                                Access.PEOPLE,
                                call -> done(keys.revoke(call.caller(), call.id("keyId"))))
                        .says("Revoke an API key, at once")
                        .givesNothing());
    }

    private static UserId user(Call call) {
        return new UserId(call.id("userId"));
    }

    private static <T> Route body(Class<T> type, Function<T, Route> inner) {
        return entity(Json.body(type), inner);
    }

    private static <T> Route list(CompletionStage<Outcome<List<T>>> all) {
        return Problems.answer(all, items -> Json.ok(new Page<>(items, Optional.empty())));
    }

    private static Route done(CompletionStage<Outcome<Boolean>> outcome) {
        return Problems.answer(outcome, _ -> Problems.noContent());
    }
}
