package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.repeat;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.Assertion;
import io.gatling.javaapi.core.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** People who ask three questions in a conversation, each when the reply before has been read. */
public final class ChatSimulation extends Simulation {
    {
        List<Assertion> bars = new ArrayList<>();
        bars.add(global().failedRequests().percent().lte(Load.ERRORS));
        // Whole: its terminal event came, and every position before it.
        bars.add(details("reply").failedRequests().percent().lte(Load.ERRORS));
        bars.addAll(Load.bars("reply", "ask"));
        bars.addAll(Load.bars("reply", "first delta"));
        setUp(scenario("chat")
                        .exec(Load.staff(0))
                        .exec(during(Load.SECONDS, false)
                                .on(exec(Load.conversation())
                                        .exec(repeat(3)
                                                .on(exec(Load.reply())
                                                        .exec(pause(Duration.ofMillis(200), Duration.ofMillis(800)))))
                                        .exec(Load.readAgain())))
                        .injectOpen(rampUsers(Load.USERS).during(Math.max(1, Load.SECONDS / 10))))
                .protocols(Load.protocol())
                .assertions(bars);
    }
}
