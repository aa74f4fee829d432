package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.Assertion;
import io.gatling.javaapi.core.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** People who upload a document, wait until it can be found, find it, and delete it. */
public final class UploadSimulation extends Simulation {
    {
        List<Assertion> bars = new ArrayList<>(Load.bars("document"));
        bars.add(global().failedRequests().percent().lte(Load.ERRORS));
        setUp(scenario("upload")
                        .exec(Load.staff(0))
                        .exec(during(Load.SECONDS, false)
                                .on(exec(Load.document()).exec(pause(Duration.ofMillis(200), Duration.ofMillis(800)))))
                        .injectOpen(rampUsers(Load.USERS).during(Math.max(1, Load.SECONDS / 10))))
                .protocols(Load.protocol())
                .assertions(bars);
    }
}
