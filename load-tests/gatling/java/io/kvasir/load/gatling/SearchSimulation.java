package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.Simulation;
import java.time.Duration;

/** People who search, about twice a second each. */
public final class SearchSimulation extends Simulation {
    {
        setUp(scenario("search")
                        .exec(Load.staff(0))
                        .exec(during(Load.SECONDS, false)
                                .on(exec(Load.search()).exec(pause(Duration.ofMillis(300), Duration.ofMillis(700)))))
                        .injectOpen(rampUsers(Load.USERS).during(Math.max(1, Load.SECONDS / 10))))
                .protocols(Load.protocol())
                .assertions(Load.bars("search"));
    }
}
