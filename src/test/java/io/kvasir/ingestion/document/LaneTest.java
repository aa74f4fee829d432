package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.ingestion.Ingestion.Urgency;
import io.kvasir.kernel.TenantId;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LaneTest {
    private static final TenantId A = new TenantId("a");
    private static final TenantId B = new TenantId("b");

    @Test
    void tenantsTakeTurnsHoweverMuchOneHasWaiting() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(A, Urgency.INTERACTIVE, 0);
        List<Lane.Place> many = IntStream.range(1, 20_000)
                .mapToObj(i -> lane.ask(A, Urgency.INTERACTIVE, i))
                .toList();
        Lane.Place one = lane.ask(B, Urgency.INTERACTIVE, 20_000);
        inside.leave();
        assertThat(in(many.getFirst())).isTrue();
        many.getFirst().leave();
        assertThat(in(one)).isTrue();
        one.leave();
        assertThat(in(many.get(1))).isTrue();
    }

    @Test
    void whatSomebodyWaitsForGoesBeforeBackfill() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(A, Urgency.BACKFILL, 0);
        Lane.Place backfill = lane.ask(A, Urgency.BACKFILL, 1);
        Lane.Place upload = lane.ask(A, Urgency.INTERACTIVE, 2);
        inside.leave();
        assertThat(in(upload)).isTrue();
        assertThat(in(backfill)).isFalse();
        upload.leave();
        assertThat(in(backfill)).isTrue();
    }

    private static boolean in(Lane.Place place) {
        return place.granted().toCompletableFuture().isDone();
    }

    @Test
    void whoeverCameToTheHouseFirstGoesFirst() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(A, Urgency.INTERACTIVE, 1);
        Lane.Place third = lane.ask(A, Urgency.INTERACTIVE, 3);
        Lane.Place second = lane.ask(A, Urgency.INTERACTIVE, 2);
        inside.leave();

        assertThat(in(second)).isTrue();
        assertThat(in(third)).isFalse();
        second.leave();
        assertThat(in(third)).isTrue();
    }

    @Test
    void oneWhoNoLongerWaitsTakesNoPlace() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(A, Urgency.INTERACTIVE, 1);
        Lane.Place tired = lane.ask(A, Urgency.INTERACTIVE, 2);
        Lane.Place patient = lane.ask(A, Urgency.INTERACTIVE, 3);
        tired.leave();
        assertThat(in(patient)).isFalse();
        inside.leave();

        assertThat(in(patient)).isTrue();
        assertThat(in(tired)).isFalse();
    }

    @Test
    void leavingTwiceMakesNoSecondPlace() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(A, Urgency.INTERACTIVE, 1);
        inside.leave();
        inside.leave();

        assertThat(in(lane.ask(A, Urgency.INTERACTIVE, 2))).isTrue();
        assertThat(in(lane.ask(A, Urgency.INTERACTIVE, 3))).isFalse();
    }
}
