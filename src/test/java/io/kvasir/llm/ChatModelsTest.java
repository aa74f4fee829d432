package io.kvasir.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvasir.llm.ChatModel.FinishReason;
import io.kvasir.llm.ChatModel.Part;
import io.kvasir.llm.ChatModels.Fallback;
import io.kvasir.llm.ChatModels.Provider;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChatModelsTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final ChatFailure DOWN = new ChatFailure(ChatFailure.Kind.UNAVAILABLE, "down");

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void the_second_answers_with_its_own_model_where_the_first_fails_before_a_token() throws Exception {
        ChatModels models = new ChatModels(List.of(
                new Provider(
                        fake("first", Source.failed(DOWN)), List.of("a"), Optional.of(new Fallback("second", "b"))),
                new Provider(echo("second"), List.of("b"), Optional.empty())));
        assertThat(run(models)).first().isEqualTo(new Part.Text("second b"));
    }

    @Test
    void after_a_token_a_failure_stays_a_failure() {
        Source<Part, NotUsed> broken = Source.from(List.<Part>of(new Part.Text("x"), new Part.Text("")))
                .map(part -> {
                    if (((Part.Text) part).text().isEmpty()) {
                        throw DOWN;
                    }
                    return part;
                });
        ChatModels models = new ChatModels(List.of(
                new Provider(fake("first", broken), List.of("a"), Optional.of(new Fallback("second", "b"))),
                new Provider(echo("second"), List.of("b"), Optional.empty())));
        assertThatThrownBy(() -> run(models)).hasCause(DOWN);
    }

    @ParameterizedTest
    @EnumSource
    void the_second_answers_whatever_went_wrong_before_a_token(ChatFailure.Kind kind) throws Exception {
        ChatModels models = new ChatModels(List.of(
                new Provider(
                        fake("first", Source.failed(new ChatFailure(kind, "no"))),
                        List.of("a"),
                        Optional.of(new Fallback("second", "b"))),
                new Provider(echo("second"), List.of("b"), Optional.empty())));
        assertThat(run(models)).first().isEqualTo(new Part.Text("second b"));
    }

    @Test
    void where_both_fail_the_second_says_why() {
        ChatFailure slow = new ChatFailure(ChatFailure.Kind.TIMEOUT, "slow");
        ChatModels models = new ChatModels(List.of(
                new Provider(
                        fake("first", Source.failed(DOWN)), List.of("a"), Optional.of(new Fallback("second", "b"))),
                new Provider(fake("second", Source.failed(slow)), List.of("b"), Optional.empty())));
        assertThatThrownBy(() -> run(models)).hasCause(slow);
    }

    @Test
    void a_list_to_choose_from_holds_models_prices_and_fallbacks() {
        Price price = new Price(1, 2);
        ChatModels models = new ChatModels(List.of(
                new Provider(
                        echo("first"),
                        "openai",
                        List.of("a", "free"),
                        Map.of("a", price),
                        Optional.of(new Fallback("open", "b"))),
                new Provider(echo("open"), List.of(), Optional.empty())));
        assertThat(models.offers())
                .containsExactly(
                        new ChatModels.Offer(
                                "first",
                                "openai",
                                List.of(
                                        new ChatModels.Offer.Model("a", Optional.of(price)),
                                        new ChatModels.Offer.Model("free", Optional.empty())),
                                false,
                                Optional.of(new Fallback("open", "b"))),
                        new ChatModels.Offer("open", "open", List.of(), true, Optional.empty()));
        assertThat(models.health()).containsExactly(ProviderHealth.up("first"), ProviderHealth.up("open"));
    }

    @Test
    void an_unknown_provider_is_not_found() {
        assertThat(new ChatModels(List.of()).find("nobody")).isEmpty();
    }

    @Test
    void a_fallback_must_be_another_known_provider() {
        assertThatThrownBy(() -> new ChatModels(
                        List.of(new Provider(echo("first"), List.of("a"), Optional.of(new Fallback("first", "a"))))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ChatModels(
                        List.of(new Provider(echo("first"), List.of("a"), Optional.of(new Fallback("gone", "a"))))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ChatModels(List.of(
                        new Provider(echo("first"), List.of("a"), Optional.of(new Fallback("second", "none"))),
                        new Provider(echo("second"), List.of("b"), Optional.empty()))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_name_stands_once() {
        Provider provider = new Provider(echo("first"), List.of("a"), Optional.empty());
        assertThatThrownBy(() -> new ChatModels(List.of(provider, provider)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_list_of_models_is_closed_and_no_list_is_open() {
        ChatModels models = new ChatModels(List.of(
                new Provider(echo("listed"), List.of("a"), Optional.empty()),
                new Provider(echo("open"), List.of(), Optional.empty())));
        assertThat(models.offers("listed", "a")).isTrue();
        assertThat(models.offers("listed", "b")).isFalse();
        assertThat(models.offers("open", "anything")).isTrue();
        assertThat(models.offers("nobody", "a")).isFalse();
    }

    private static List<Part> run(ChatModels models) throws Exception {
        return models.find("first").orElseThrow().stream(new ChatModel.Request("a", List.of(), "q", List.of(), 0, 10))
                .runWith(Sink.seq(), KIT.system())
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    private static ChatModel echo(String name) {
        return new ChatModel() {
            @Override
            public Source<Part, NotUsed> stream(Request request) {
                return Source.from(List.of(
                        new Part.Text(name + " " + request.model()),
                        new Part.Finished(FinishReason.STOP, new Usage(name, request.model(), 0, 0, 0))));
            }

            @Override
            public String provider() {
                return name;
            }
        };
    }

    private static ChatModel fake(String name, Source<Part, NotUsed> parts) {
        return new ChatModel() {
            @Override
            public Source<Part, NotUsed> stream(Request request) {
                return parts;
            }

            @Override
            public String provider() {
                return name;
            }
        };
    }
}
