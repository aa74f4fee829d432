package io.kvasir.tenancy.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.kernel.Decision;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Rejection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TenantTest {
    private static final Instant NOW = Instant.parse("2026-11-30T23:59:59Z");
    private static final Instant NEXT_MONTH = Instant.parse("2026-12-01T00:00:00Z");
    private static final Plan TEN = new Plan("ten", Map.of(Meter.MESSAGES, 10L, Meter.KNOWLEDGE_BASES, 1L));
    private static final Plan ALL = new Plan("all", Map.of());
    private static final KnowledgeBaseId KB = new KnowledgeBaseId("kb");

    private static Reservation wish(String id, Amounts amounts) {
        return new Reservation(id, amounts, NOW.plus(Duration.ofMinutes(15)));
    }

    private static Reservation question(String id) {
        return wish(id, Amounts.answer(1, 100, 7));
    }

    private static Settlement used(String reservation, Instant at) {
        return new Settlement(0, reservation, KB, "p", "m", 1, 30, 12, 5, at);
    }

    private static Tenant after(Tenant tenant, Decision<TenantEvent> decision) {
        return after(tenant, ((Decision.Accept<TenantEvent>) decision).events());
    }

    private static Tenant after(Tenant tenant, List<TenantEvent> events) {
        Tenant next = tenant;
        for (TenantEvent event : events) {
            next = next.apply(event);
        }
        return next;
    }

    private static Tenant reserved(Tenant tenant, Plan plan, Reservation... wishes) {
        return after(tenant, tenant.reserve(List.of(wishes), plan, NOW).events());
    }

    @Test
    void ofManyWishesAtOnceThoseThatFitAreGrantedAndNoOneMore() {
        List<Reservation> wishes = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            wishes.add(question("r" + i));
        }

        Tenant.Granting granting = Tenant.NONE.reserve(wishes, TEN, NOW);

        assertThat(granting.refusals().stream().filter(Optional::isEmpty)).hasSize(10);
        assertThat(after(Tenant.NONE, granting.events()).reserved(NOW).messages())
                .isEqualTo(10);
    }

    @Test
    void aRefusalSaysWhatHowMuchAndUntilWhen() {
        Tenant full = reserved(Tenant.NONE, TEN, wish("r", Amounts.answer(10, 0, 0)));

        assertThat(full.reserve(List.of(question("s")), TEN, NOW).refusals())
                .containsExactly(
                        Optional.of(new Rejection.LimitReached("messages", 10, 1, 10, Optional.of(NEXT_MONTH))));
        Tenant one = after(Tenant.NONE, Tenant.NONE.hold(Map.of(KB, Optional.of(new Holding(KB, 0, 0)))));
        assertThat(one.reserve(List.of(wish("k", Amounts.knowledgeBase())), TEN, NOW)
                        .refusals())
                .containsExactly(Optional.of(new Rejection.LimitReached("knowledge-bases", 1, 1, 1, Optional.empty())));
    }

    @Test
    void settlingCountsWhatWasUsedInPlaceOfWhatWasReserved() {
        Tenant reserved = reserved(Tenant.NONE, TEN, question("r"));
        Tenant settled = after(reserved, reserved.settle(List.of(used("r", NOW))));

        assertThat(settled.reserved(NOW)).isEqualTo(Amounts.NONE);
        assertThat(settled.used(NOW)).isEqualTo(Amounts.answer(1, 42, 5));
    }

    @Test
    void whatIsReleasedMayBeReservedAgain() {
        Tenant full = reserved(Tenant.NONE, TEN, wish("r", Amounts.answer(10, 0, 0)));
        Tenant free = after(full, full.release(List.of("r", "unknown")));

        assertThat(free.reserve(List.of(question("s")), TEN, NOW).refusals()).containsExactly(Optional.empty());
        assertThat(free.release(List.of("r"))).isEqualTo(Decision.accept());
    }

    @Test
    void aReservationHoldsForItsTimeAndNoLonger() {
        Tenant full = reserved(Tenant.NONE, TEN, wish("r", Amounts.answer(10, 0, 0)));
        Instant before = NOW.plus(Duration.ofMinutes(15)).minusNanos(1);
        Instant over = NOW.plus(Duration.ofMinutes(15));

        assertThat(full.reserve(List.of(question("s")), TEN, before).refusals().getFirst())
                .isPresent();
        assertThat(full.expire(before)).isEqualTo(Decision.accept());
        assertThat(full.reserve(List.of(question("s")), TEN, over).refusals().getFirst())
                .isEmpty();
        assertThat(after(full, full.expire(over)).reservations()).isEmpty();
    }

    @Test
    void whatWasUsedCountsThoughTheReservationsTimeWasUp() {
        Tenant settled = after(Tenant.NONE, Tenant.NONE.settle(List.of(used("expired", NOW))));

        assertThat(settled.used(NOW).messages()).isEqualTo(1);
    }

    @Test
    void monthsRollOverAtMidnightInUtc() {
        Tenant november = after(Tenant.NONE, Tenant.NONE.settle(List.of(used("a", NOW), used("b", NOW))));
        assertThat(november.used(NOW).messages()).isEqualTo(2);
        assertThat(november.used(NEXT_MONTH).messages()).isZero();

        Tenant december = after(november, november.settle(List.of(used("c", NEXT_MONTH))));
        assertThat(december.used(NEXT_MONTH).messages()).isEqualTo(1);
        // A clock that goes back a second does not bring November back.
        Tenant back = after(december, december.settle(List.of(used("d", NOW))));
        assertThat(back.used(NEXT_MONTH).messages()).isEqualTo(2);
    }

    @Test
    void standingAmountsStayOverMonths() {
        Tenant tenant = after(Tenant.NONE, Tenant.NONE.hold(Map.of(KB, Optional.of(new Holding(KB, 2, 300)))));

        assertThat(tenant.used(NEXT_MONTH)).isEqualTo(new Amounts(1, 2, 300, 0, 0, 0));
        assertThat(after(tenant, tenant.hold(Map.of(KB, Optional.empty()))).used(NOW))
                .isEqualTo(Amounts.NONE);
        assertThat(tenant.hold(Map.of(KB, Optional.of(new Holding(KB, 2, 300)))))
                .isEqualTo(Decision.accept());
    }

    @Test
    void withoutALimitNothingNeedBeRemembered() {
        Tenant.Granting granting = Tenant.NONE.reserve(List.of(question("r")), ALL, NOW);

        assertThat(granting.events()).isEmpty();
        assertThat(granting.refusals()).containsExactly(Optional.empty());
    }

    @Test
    void aTenantMayCapItsSpendBelowItsPlan() {
        Tenant capped =
                after(Tenant.NONE, Tenant.NONE.prefer(new Preferences(Optional.empty(), Optional.of(10L)), NOW));

        assertThat(capped.reserve(List.of(question("r"), question("s")), ALL, NOW)
                        .refusals())
                .containsExactly(
                        Optional.empty(),
                        Optional.of(new Rejection.LimitReached("spend-micros", 7, 7, 10, Optional.of(NEXT_MONTH))));
    }

    @Test
    void ofAPlansLimitAndATenantsOwnTheSmallerCounts() {
        Plan plan = new Plan("p", Map.of(Meter.SPEND_MICROS, 10L));
        Optional<Preferences> less = Optional.of(new Preferences(Optional.empty(), Optional.of(9L)));
        Optional<Preferences> more = Optional.of(new Preferences(Optional.empty(), Optional.of(11L)));

        assertThat(plan.most(Meter.SPEND_MICROS, less)).hasValue(9);
        assertThat(plan.most(Meter.SPEND_MICROS, more)).hasValue(10);
        assertThat(plan.most(Meter.MESSAGES, less)).isEmpty();
    }

    @Test
    void aDeletedTenantIsGrantedNothing() {
        Tenant deleted = after(Tenant.NONE, Tenant.NONE.delete(NOW));

        assertThat(deleted.reserve(List.of(question("r")), ALL, NOW).refusals().getFirst())
                .containsInstanceOf(Rejection.Conflict.class);
        assertThat(deleted.delete(NOW)).isEqualTo(Decision.accept());
    }

    @Test
    void settlementsAreNumberedAndForgottenOnceBooked() {
        Tenant three = after(Tenant.NONE, Tenant.NONE.settle(List.of(used("a", NOW), used("b", NOW), used("c", NOW))));
        assertThat(three.unbooked()).extracting(Settlement::number).containsExactly(1L, 2L, 3L);

        assertThat(after(three, three.booked(2)).unbooked())
                .extracting(Settlement::number)
                .containsExactly(3L);
        assertThat(after(three, three.settle(List.of(used("d", NOW)))).settlements())
                .isEqualTo(4);
    }

    @Test
    void onlyPlansThereAreCanBeChosen() {
        Plans plans = new Plans(Map.of("ten", TEN), "ten");

        assertThat(Tenant.NONE.choose("none", plans, NOW)).isInstanceOf(Decision.Reject.class);
        assertThat(after(Tenant.NONE, Tenant.NONE.choose("ten", plans, NOW)).plan())
                .contains("ten");
        assertThat(plans.of(Optional.of("no longer offered"))).isEqualTo(TEN);
    }
}
