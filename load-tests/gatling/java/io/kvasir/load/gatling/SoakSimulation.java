package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The same again and again, at a rate a server bears for days: of each tenant visitors who come, ask and go, and staff who
 * ask, search, upload and delete documents, make and delete knowledge bases.
 */
public final class SoakSimulation extends Simulation {
    {
        List<PopulationBuilder> all = new ArrayList<>();
        for (int tenant = 0; tenant < Load.TENANTS.size(); tenant++) {
            all.add(scenario("visitors " + tenant)
                    .exec(during(Load.SECONDS, false)
                            .on(exec(Load.visitor(tenant))
                                    .exec(Load.reply())
                                    .exec(pause(Duration.ofSeconds(1), Duration.ofSeconds(3)))))
                    .injectOpen(rampUsers(Math.max(1, Load.USERS / 2)).during(10)));
            all.add(scenario("staff " + tenant)
                    .exec(Load.staff(tenant))
                    .exec(during(Load.SECONDS, false)
                            .on(exec(Load.conversation())
                                    .exec(Load.reply())
                                    .exec(Load.readAgain())
                                    .exec(Load.search())
                                    .exec(pause(Duration.ofSeconds(1), Duration.ofSeconds(2)))
                                    .exec(Load.document())
                                    .exec(Load.knowledgeBase())
                                    .exec(Load.search())
                                    .exec(pause(Duration.ofSeconds(1), Duration.ofSeconds(2)))))
                    .injectOpen(
                            rampUsers(Math.max(1, Load.USERS - Load.USERS / 2)).during(10)));
        }
        setUp(all)
                .protocols(Load.protocol())
                .assertions(
                        global().failedRequests().percent().lte(Load.ERRORS),
                        details("reply").failedRequests().percent().lte(Load.ERRORS),
                        details("document").failedRequests().percent().lte(Load.ERRORS));
    }
}
