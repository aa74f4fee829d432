package io.kvasir.ingestion.document;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LaneTest {
    private static boolean in(Lane.Place place) {
        return place.granted().toCompletableFuture().isDone();
    }

    @Test
    void whoeverCameToTheHouseFirstGoesFirst() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(1);
        Lane.Place third = lane.ask(3);
        Lane.Place second = lane.ask(2);
        inside.leave();

        assertThat(in(second)).isTrue();
        assertThat(in(third)).isFalse();
        second.leave();
        assertThat(in(third)).isTrue();
    }

    @Test
    void oneWhoNoLongerWaitsTakesNoPlace() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(1);
        Lane.Place tired = lane.ask(2);
        Lane.Place patient = lane.ask(3);
        tired.leave();
        assertThat(in(patient)).isFalse();
        inside.leave();

        assertThat(in(patient)).isTrue();
        assertThat(in(tired)).isFalse();
    }

    @Test
    void leavingTwiceMakesNoSecondPlace() {
        Lane lane = new Lane(1);
        Lane.Place inside = lane.ask(1);
        inside.leave();
        inside.leave();

        assertThat(in(lane.ask(2))).isTrue();
        assertThat(in(lane.ask(3))).isFalse();
    }
}
