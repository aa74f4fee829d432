package io.kvasir.tenancy;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.onSuccess;
import static org.apache.pekko.http.javadsl.server.Directives.parameterOptional;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Json;
import io.kvasir.http.Problems;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.TenantId;
import io.kvasir.tenancy.domain.Preferences;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/usage}, {@code /api/v1/tenant/settings} and the plans. */
public final class TenancyRoutes {
    private static final String SETTINGS = "/api/v1/tenant/settings";

    private static final String PLAN = "/api/v1/operations/tenants/{tenantId}/plan";

    private final Tenants tenants;
    private final Function<TenantId, CompletionStage<Boolean>> there;

    /** @param there whether there is such a tenant, which only those know who keep accounts */
    public TenancyRoutes(Tenants tenants, Function<TenantId, CompletionStage<Boolean>> there) {
        this.tenants = tenants;
        this.there = there;
    }

    /** @param items every plan of the configuration */
    public record Offered(List<Tenants.Offer> items) {}

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get("/api/v1/usage", Access.READ, this::usage)
                        .says("Read what the plan allows and what is used of it")
                        .asks(
                                "from",
                                LocalDate.class,
                                "First day of the table, in UTC; the first of this month unless told")
                        .asks("to", LocalDate.class, "Last day of the table, in UTC; today unless told")
                        .gives(200, Tenants.Overview.class),
                Endpoint.get(
                                SETTINGS,
                                Access.READ,
                                call -> onSuccess(
                                        tenants.preferences(call.caller().tenant()),
                                        preferences -> complete(Json.ok(preferences))))
                        .says("Read the tenant's settings")
                        .gives(200, Preferences.class),
                Endpoint.put(
                                SETTINGS,
                                Access.OWN,
                                call -> entity(
                                        Json.body(Body.class),
                                        body -> Problems.answer(
                                                tenants.prefer(call.caller().tenant(), body.preferences()), Json::ok)))
                        .says("Replace the tenant's settings; what is left out is unset")
                        .takes(Body.class)
                        .gives(200, Preferences.class),
                Endpoint.get("/api/v1/plans", Access.READ, _ -> complete(Json.ok(new Offered(tenants.offers()))))
                        .says("List the plans there are and what each allows; what is not named has no limit")
                        .gives(200, Offered.class),
                Endpoint.get(
                                PLAN,
                                Access.OPERATE,
                                call -> known(
                                        call,
                                        tenant -> onSuccess(
                                                tenants.standing(tenant), standing -> complete(Json.ok(standing)))))
                        .says("Read a tenant's plan and how much of it is used")
                        .gives(200, Tenants.Standing.class),
                Endpoint.put(
                                PLAN,
                                Access.OPERATE,
                                call -> entity(
                                        Json.body(Choice.class),
                                        choice -> known(
                                                call,
                                                tenant -> Problems.answerWith(
                                                        tenants.choose(tenant, choice.plan()),
                                                        _ -> onSuccess(
                                                                tenants.standing(tenant),
                                                                standing -> complete(Json.ok(standing)))))))
                        .says("Give a tenant a plan, which counts at once")
                        .takes(Choice.class)
                        .gives(200, Tenants.Standing.class));
    }

    private Route known(Call call, Function<TenantId, Route> inner) {
        TenantId tenant = new TenantId(call.id("tenantId"));
        return onSuccess(
                there.apply(tenant),
                is -> is ? inner.apply(tenant) : Problems.refuse(new Rejection.NotFound("There is no such tenant")));
    }

    /** @param plan by its name in the configuration */
    record Choice(String plan) {
        @SuppressWarnings("ConstantValue") // a field left out of the JSON arrives as null
        Choice {
            if (plan == null || plan.isBlank() || plan.length() > 100) {
                throw Json.Refusal.of(new FieldError("/plan", "must be the name of a plan"));
            }
        }
    }

    private Route usage(Call call) {
        return parameterOptional(
                "from",
                from -> parameterOptional("to", to -> {
                    Optional<LocalDate> first = day("?from", from);
                    Optional<LocalDate> last = day("?to", to);
                    return first.isPresent() && last.isPresent() && first.get().isAfter(last.get())
                            ? Problems.refuse(Rejection.Invalid.field("?to", "must not be before ?from"))
                            : onSuccess(
                                    tenants.overview(call.caller().tenant(), first, last),
                                    overview -> complete(Json.ok(overview)));
                }));
    }

    private static Optional<LocalDate> day(String parameter, Optional<String> text) {
        try {
            return text.map(LocalDate::parse);
        } catch (DateTimeParseException e) {
            throw new Json.Refusal(Rejection.Invalid.field(parameter, "must be a day like 2026-11-21"));
        }
    }

    /** The settings as a whole: what is left out is as if it had never been set. */
    record Body(
            @Nullable Integer conversationDays, @Nullable Long spendCapMicros) {
        Body {
            List<FieldError> errors = new ArrayList<>();
            if (conversationDays != null && (conversationDays < 1 || conversationDays > 36_500)) {
                errors.add(new FieldError("/conversationDays", "must be 1 to 36500, or left out to keep them"));
            }
            if (spendCapMicros != null && spendCapMicros < 0) {
                errors.add(new FieldError("/spendCapMicros", "must not be negative"));
            }
            if (!errors.isEmpty()) {
                throw Json.Refusal.of(errors.toArray(FieldError[]::new));
            }
        }

        Preferences preferences() {
            return new Preferences(Optional.ofNullable(conversationDays), Optional.ofNullable(spendCapMicros));
        }
    }
}
