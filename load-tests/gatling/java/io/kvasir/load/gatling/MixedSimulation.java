package io.kvasir.load.gatling;

import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.during;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.group;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;
import static io.gatling.javaapi.core.CoreDsl.pause;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.Assertion;
import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Session;
import io.gatling.javaapi.core.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Light tenants, each with a visitor who asks now and then and one of its staff who searches and uploads; after a third of
 * the time a heavy one beside them, whose people upload and ask without a pause. The bars are the light ones': theirs
 * alone for comparison ("alone"), theirs beside the heavy one ("beside").
 */
public final class MixedSimulation extends Simulation {
    private static final int ALONE = Math.max(1, Load.SECONDS / 3);

    private final long began = System.nanoTime();

    {
        List<PopulationBuilder> all = new ArrayList<>();
        all.add(scenario("heavy: staff")
                .exec(Load.staff(0))
                .exec(during(Load.SECONDS - ALONE, false).on(group("heavy").on(Load.document())))
                .injectOpen(
                        nothingFor(ALONE),
                        rampUsers(Load.USERS - Load.USERS / 4).during(1)));
        all.add(scenario("heavy: visitors")
                .exec(Load.visitor(0))
                .exec(during(Load.SECONDS - ALONE, false).on(group("heavy").on(Load.reply())))
                .injectOpen(
                        nothingFor(ALONE),
                        rampUsers(Math.max(1, Load.USERS / 4)).during(1)));
        for (int tenant = 1; tenant < Load.TENANTS.size(); tenant++) {
            all.add(scenario("light " + tenant + ": staff")
                    .exec(Load.staff(tenant))
                    .exec(during(Load.SECONDS, false)
                            .on(now(exec(Load.search())
                                    .exec(pause(Duration.ofMillis(300), Duration.ofMillis(700)))
                                    .exec(Load.search())
                                    .exec(Load.document())
                                    .exec(pause(Duration.ofMillis(500), Duration.ofMillis(1500))))))
                    .injectOpen(rampUsers(1).during(1)));
            all.add(scenario("light " + tenant + ": visitors")
                    .exec(Load.visitor(tenant))
                    .exec(during(Load.SECONDS, false)
                            .on(now(exec(Load.reply()).exec(pause(Duration.ofMillis(500), Duration.ofMillis(1500))))))
                    .injectOpen(rampUsers(1).during(1)));
        }
        List<Assertion> bars = new ArrayList<>();
        bars.add(global().failedRequests().percent().lte(Load.ERRORS));
        for (String when : List.of("alone", "beside")) {
            bars.add(details(when, "search").failedRequests().percent().lte(Load.ERRORS));
            bars.add(details(when, "reply").failedRequests().percent().lte(Load.ERRORS));
            bars.add(details(when, "document").failedRequests().percent().lte(Load.ERRORS));
            // The times alone are told for comparison: any will do.
            int most = when.equals("alone") ? 60_000 : Load.P95;
            bars.add(details(when, "search").responseTime().percentile(95).lte(most));
            bars.add(details(when, "reply", "ask").responseTime().percentile(95).lte(most));
            bars.add(details(when, "reply", "first delta")
                    .responseTime()
                    .percentile(95)
                    .lte(most));
            // Reading a document takes longer than a search, and is permitted to.
            bars.add(details(when, "document").responseTime().percentile(95).lte(5 * most));
        }
        bars.add(details("heavy", "reply").failedRequests().percent().lte(Load.ERRORS));
        bars.add(details("heavy", "document").failedRequests().percent().lte(Load.ERRORS));
        setUp(all).protocols(Load.protocol()).assertions(bars);
    }

    private ChainBuilder now(ChainBuilder what) {
        return group(this::when).on(what);
    }

    private String when(Session session) {
        return System.nanoTime() - began < ALONE * 1_000_000_000L ? "alone" : "beside";
    }
}
