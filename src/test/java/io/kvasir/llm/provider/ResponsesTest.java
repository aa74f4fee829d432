package io.kvasir.llm.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A body between the stream of its connection and that of its call. */
class ResponsesTest {
    private static final ActorTestKit KIT = ActorTestKit.create("responses");

    private final Materializer connection = Materializer.createMaterializer(KIT.system());
    private final CompletableFuture<HttpResponse> arrived = new CompletableFuture<>();
    private final BoundedSourceQueue<ByteString> provider = begun();

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    private BoundedSourceQueue<ByteString> begun() {
        var body = Source.<ByteString>queue(1_000).preMaterialize(connection);
        HttpResponse response = HttpResponse.create()
                .withEntity(HttpEntities.createCloseDelimited(ContentTypes.TEXT_PLAIN_UTF8, body.second()));
        Source.single(response)
                .concat(Source.maybe())
                .toMat(Sink.fromGraph(new Responses(arrived::complete)), Keep.left())
                .run(connection);
        return body.first();
    }

    private SinkQueueWithCancel<ByteString> call() throws Exception {
        return arrived.get(10, TimeUnit.SECONDS).entity().getDataBytes().runWith(Sink.queue(1), KIT.system());
    }

    private static String next(SinkQueueWithCancel<ByteString> call) throws Exception {
        return call.pull()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS)
                .map(ByteString::utf8String)
                .orElse("<end>");
    }

    @Test
    void whatCameComesBeforeTheEnd() throws Exception {
        provider.offer(ByteString.fromString("one"));
        provider.complete();
        SinkQueueWithCancel<ByteString> call = call();

        assertThat(next(call)).isEqualTo("one");
        assertThat(next(call)).isEqualTo("<end>");
    }

    @Test
    void whoWaitsHearsThatTheConnectionsStreamIsNoMore() throws Exception {
        provider.offer(ByteString.fromString("one"));
        SinkQueueWithCancel<ByteString> call = call();
        assertThat(next(call)).isEqualTo("one");
        var more = call.pull().toCompletableFuture();

        connection.shutdown();

        assertThatThrownBy(() -> more.get(10, TimeUnit.SECONDS))
                .isInstanceOf(java.util.concurrent.ExecutionException.class);
    }

    @Test
    void noMoreIsReadAheadThanThereIsRoomFor() throws Exception {
        ByteString piece = ByteString.fromString("x".repeat(Body.AHEAD / 4));
        for (int i = 0; i < 1_000; i++) {
            provider.offer(piece);
        }
        SinkQueueWithCancel<ByteString> call = call();
        int first = next(call).length();
        int second = next(call).length();

        assertThat(Math.max(first, second)).isLessThanOrEqualTo(Body.AHEAD);
        for (long read = first + second; read < 1_000L * piece.length(); ) {
            read += next(call).length();
        }
        provider.complete();
        assertThat(next(call)).isEqualTo("<end>");
    }
}
