package io.kvasir.conversation;

import io.kvasir.conversation.ConversationEntity.Command;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class LookoutTest {
    private static final ActorTestKit KIT = ActorTestKit.create("lookout");

    private final ActorRef<Lookout.Command> lookout = KIT.spawn(Lookout.create());
    private final TestProbe<Command> entity = KIT.createTestProbe();
    private final TestProbe<Heard> one = KIT.createTestProbe();
    private final TestProbe<Heard> other = KIT.createTestProbe();

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void allReadersHearThatAConversationIsGone() {
        lookout.tell(new Lookout.Follow(entity.ref(), one.ref()));
        lookout.tell(new Lookout.Follow(entity.ref(), other.ref()));

        entity.stop();

        one.expectMessage(new Heard.Gone(entity.ref()));
        other.expectMessage(new Heard.Gone(entity.ref()));
    }

    @Test
    void whoLeftHearsNothing() {
        lookout.tell(new Lookout.Follow(entity.ref(), one.ref()));
        lookout.tell(new Lookout.Follow(entity.ref(), other.ref()));
        lookout.tell(new Lookout.Forget(entity.ref(), one.ref()));

        entity.stop();

        other.expectMessage(new Heard.Gone(entity.ref()));
        one.expectNoMessage(Duration.ofMillis(50));
    }

    @Test
    void oneThatIsGoneAlreadyIsToldAtOnce() {
        entity.stop();

        lookout.tell(new Lookout.Follow(entity.ref(), one.ref()));

        one.expectMessage(new Heard.Gone(entity.ref()));
    }
}
