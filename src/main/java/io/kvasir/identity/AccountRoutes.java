package io.kvasir.identity;

import static org.apache.pekko.http.javadsl.server.Directives.entity;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.ClientAddress;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Outcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code /api/v1/auth}: how one gets an account, and a new password. */
public final class AccountRoutes {
    private final Identity identity;
    private final Admission admission;

    public AccountRoutes(Identity identity, AccountSettings settings, ClientAddress addresses) {
        this.identity = identity;
        this.admission = new Admission(settings, addresses);
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.post(
                                "/api/v1/auth/register",
                                Access.PUBLIC,
                                _ -> body(AccountBodies.Register.class, this::register))
                        .says("Ask for an account; with an invitation, get it at once")
                        .takes(AccountBodies.Register.class)
                        .givesMedia(202, "")
                        .gives(200, Admission.In.class),
                Endpoint.post(
                                "/api/v1/auth/email/verify",
                                Access.PUBLIC,
                                _ -> body(AccountBodies.Token.class, this::verify))
                        .says("Prove the e-mail address by the token of the mail, and log in for the first time")
                        .takes(AccountBodies.Token.class)
                        .gives(200, Admission.In.class),
                Endpoint.post(
                                "/api/v1/auth/invitations/accept",
                                Access.PUBLIC,
                                _ -> body(AccountBodies.AcceptInvited.class, this::invited))
                        .says("Accept an invitation with a new account, and log in")
                        .takes(AccountBodies.AcceptInvited.class)
                        .gives(200, Admission.In.class),
                Endpoint.post(
                                "/api/v1/auth/password/forgot",
                                Access.PUBLIC,
                                _ -> body(AccountBodies.Email.class, this::forgot))
                        .says("Have a link for a new password mailed, where the address has an account")
                        .takes(AccountBodies.Email.class)
                        .givesMedia(202, ""),
                Endpoint.post(
                                "/api/v1/auth/password/reset",
                                Access.PUBLIC,
                                _ -> body(AccountBodies.Reset.class, this::reset))
                        .says("Set a new password by the token of the mail; all sessions end")
                        .takes(AccountBodies.Reset.class)
                        .givesNothing(),
                Endpoint.post(
                                "/api/v1/auth/password/change",
                                Access.ACCOUNT,
                                call -> body(AccountBodies.Change.class, change -> change(call, change)))
                        .says("Set a new password by the old one; all other sessions end")
                        .takes(AccountBodies.Change.class)
                        .givesNothing());
    }

    private Route register(AccountBodies.Register wish) {
        String invitation = wish.invitation();
        return admission.client(client -> invitation != null
                ? admission.give(
                        wish.cookie(),
                        () -> identity.registration()
                                .registerInvited(invitation, wish.password(), Optional.ofNullable(wish.name()), client))
                : accepted(identity.registration().register(wish.wish(), client)));
    }

    private Route verify(AccountBodies.Token token) {
        return admission.client(client ->
                admission.give(token.cookie(), () -> identity.registration().verify(token.token(), client)));
    }

    private Route invited(AccountBodies.AcceptInvited wish) {
        return admission.client(client -> admission.give(
                wish.cookie(),
                () -> identity.registration()
                        .registerInvited(wish.token(), wish.password(), Optional.ofNullable(wish.name()), client)));
    }

    private Route forgot(AccountBodies.Email email) {
        return admission.client(client -> accepted(identity.passwords().forgot(email.email(), client)));
    }

    private Route reset(AccountBodies.Reset reset) {
        return admission.client(client -> done(identity.passwords().reset(reset.token(), reset.password(), client)));
    }

    private Route change(Call call, AccountBodies.Change change) {
        return admission.client(client ->
                done(identity.passwords().change(call.caller(), change.oldPassword(), change.password(), client)));
    }

    private static <T> Route body(Class<T> type, Function<T, Route> inner) {
        return entity(Json.body(type), inner);
    }

    private static Route done(CompletionStage<Outcome<Boolean>> outcome) {
        return Problems.answer(outcome, _ -> Problems.noContent());
    }

    private static Route accepted(CompletionStage<Outcome<Boolean>> outcome) {
        return Problems.answer(outcome, _ -> HttpResponse.create().withStatus(StatusCodes.ACCEPTED));
    }
}
