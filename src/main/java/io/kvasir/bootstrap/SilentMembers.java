package io.kvasir.bootstrap;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.ClusterEvent.ClusterDomainEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.UniqueAddress;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Takes members out of the cluster at once that are silent and proven to have ended, where the split-brain resolver would
 * wait for them to be heard again. It never decides otherwise than the resolver would: only where this server and those it
 * hears are the larger part. Of whom nothing is proven it leaves to the resolver.
 */
final class SilentMembers {
    // protocol

    sealed interface Command {}

    private record Happened(ClusterDomainEvent event) implements Command {}

    private record Judged(UniqueAddress member, boolean ended) implements Command {}

    private record Again(UniqueAddress member) implements Command {}

    // birth

    /** A process that is being killed may not be gone altogether yet. */
    private static final Duration AGAIN = Duration.ofMillis(200);

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Cluster cluster;
    private final Function<UniqueAddress, CompletionStage<Boolean>> ended;
    private final Set<UniqueAddress> silent = new HashSet<>();

    private SilentMembers(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Function<UniqueAddress, CompletionStage<Boolean>> ended) {
        context.setLoggerName("kvasir.bootstrap");
        this.context = context;
        this.timers = timers;
        this.cluster = Cluster.get(context.getSystem());
        this.ended = ended;
        cluster.subscriptions()
                .tell(new Subscribe<>(
                        context.messageAdapter(ClusterDomainEvent.class, Happened::new), ClusterDomainEvent.class));
    }

    /** @param ended whether it is proven that a member's process has ended */
    static Behavior<Command> create(Function<UniqueAddress, CompletionStage<Boolean>> ended) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new SilentMembers(context, timers, ended).listening()));
    }

    // commands

    private Behavior<Command> listening() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Happened(ClusterEvent.UnreachableMember unreachable) ->
                    suspect(unreachable.member().uniqueAddress());
                case Happened(ClusterEvent.ReachableMember reachable) ->
                    silent.remove(reachable.member().uniqueAddress());
                case Happened(ClusterEvent.MemberRemoved removed) ->
                    silent.remove(removed.member().uniqueAddress());
                case Happened _ -> {}
                case Judged(UniqueAddress member, boolean proven) -> judged(member, proven);
                case Again(UniqueAddress member) -> ask(member);
            }
            return Behaviors.same();
        });
    }

    // effects

    private void suspect(UniqueAddress member) {
        silent.add(member);
        ask(member);
    }

    private void ask(UniqueAddress member) {
        if (silent.contains(member)) {
            context.pipeToSelf(ended.apply(member), (proven, fault) -> new Judged(member, fault == null && proven));
        }
    }

    private void judged(UniqueAddress member, boolean proven) {
        if (!silent.contains(member)) {
            return;
        }
        if (proven && largerPart()) {
            context.getLog().info("member {} has ended and is taken out", member.address());
            silent.remove(member);
            cluster.manager().tell(new Down(member.address()));
        } else {
            timers.startSingleTimer(member, new Again(member), AGAIN);
        }
    }

    /** As the resolver counts: those that have joined, and do not leave. */
    private boolean largerPart() {
        ClusterEvent.CurrentClusterState state = cluster.state();
        int all = 0;
        int heard = 0;
        for (Member member : state.getMembers()) {
            if (member.status().equals(MemberStatus.up()) || member.status().equals(MemberStatus.leaving())) {
                all++;
                heard += state.getUnreachable().contains(member) ? 0 : 1;
            }
        }
        return 2 * heard > all;
    }
}
