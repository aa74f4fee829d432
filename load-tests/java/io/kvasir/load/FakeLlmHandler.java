package io.kvasir.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** One connection of {@link FakeLlm}: one call at a time, all on the connection's own event loop. */
final class FakeLlmHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String[] WORDS =
            ("The refund is paid within fourteen days after the goods came back to the store ."
                            + " Grüße aus Köln 漢字 और हिन्दी 🙂 as well \"quoted\" .")
                    .split(" ");
    private static final String[] MARK = {" [", "1", "]"};

    private final FakeReply defaults;
    private final FakeLlm.Stats stats;
    private final Map<String, AtomicInteger> calls;
    private Reply current;

    FakeLlmHandler(FakeReply defaults, FakeLlm.Stats stats, Map<String, AtomicInteger> calls) {
        this.defaults = defaults;
        this.stats = stats;
        this.calls = calls;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) throws Exception {
        String path = request.uri().replaceFirst("\\?.*", "");
        switch (request.method().name() + " " + path) {
            case "POST /v1/chat/completions" -> completions(ctx, request);
            case "GET /v1/models" ->
                whole(
                        ctx,
                        HttpResponseStatus.OK,
                        "{\"object\":\"list\",\"data\":[{\"id\":\"fake\",\"object\":\"model\"}]}",
                        -1);
            case "GET /stats" -> whole(ctx, HttpResponseStatus.OK, stats.json(), -1);
            case "POST /stats/reset" -> {
                stats.reset();
                calls.clear();
                whole(ctx, HttpResponseStatus.OK, stats.json(), -1);
            }
            default -> whole(ctx, HttpResponseStatus.NOT_FOUND, error("not_found"), -1);
        }
    }

    private void completions(ChannelHandlerContext ctx, FullHttpRequest request) throws Exception {
        stats.calls.increment();
        String body = request.content().toString(StandardCharsets.UTF_8);
        stats.lastRequest = body;
        stats.lastAuthorization = String.valueOf(request.headers().get(HttpHeaderNames.AUTHORIZATION));
        JsonNode json = JSON.readTree(body);
        String model = json.path("model").asText();
        FakeReply reply = model.startsWith("fake:") ? defaults.with(model.substring(5)) : defaults;
        boolean usage = json.path("stream_options").path("include_usage").asBoolean();
        boolean wellBehaved = reply.fails() > 0
                && calls.computeIfAbsent(model, _ -> new AtomicInteger()).incrementAndGet() > reply.fails();
        switch (wellBehaved ? FakeReply.Mode.OK : reply.mode()) {
            case REFUSE -> ctx.close();
            case HANG_HEADER -> current = new Reply(ctx, reply, FakeReply.Mode.HANG_HEADER, usage);
            case HTML -> html(ctx);
            case BAD_REQUEST -> whole(ctx, HttpResponseStatus.BAD_REQUEST, error("invalid_request_error"), -1);
            case UNAUTHORIZED -> whole(ctx, HttpResponseStatus.UNAUTHORIZED, error("invalid_api_key"), -1);
            case RATE_LIMITED ->
                whole(ctx, HttpResponseStatus.TOO_MANY_REQUESTS, error("rate_limit_exceeded"), reply.retryAfter());
            case SERVER_ERROR -> whole(ctx, HttpResponseStatus.INTERNAL_SERVER_ERROR, error("server_error"), -1);
            case UNAVAILABLE ->
                whole(ctx, HttpResponseStatus.SERVICE_UNAVAILABLE, error("overloaded"), reply.retryAfter());
            case OK -> stream(ctx, reply, FakeReply.Mode.OK, usage);
            case HANG, BROKEN_JSON, HUGE_LINE, CUT, CUT_CLEAN, ERROR -> stream(ctx, reply, reply.mode(), usage);
        }
    }

    private void stream(ChannelHandlerContext ctx, FakeReply reply, FakeReply.Mode mode, boolean usage) {
        DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
        HttpUtil.setTransferEncodingChunked(head, true);
        ctx.writeAndFlush(head);
        current = new Reply(ctx, reply, mode, usage);
        current.begin();
    }

    private static void whole(ChannelHandlerContext ctx, HttpResponseStatus status, String json, int retryAfter) {
        DefaultFullHttpResponse response = full(status, "application/json", json);
        if (retryAfter >= 0) {
            response.headers().set(HttpHeaderNames.RETRY_AFTER, retryAfter);
        }
        ctx.writeAndFlush(response);
    }

    private static void html(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(full(HttpResponseStatus.OK, "text/html", "<html><body>Welcome to nginx!</body></html>"));
    }

    private static DefaultFullHttpResponse full(HttpResponseStatus status, String type, String body) {
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, status, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        HttpUtil.setContentLength(response, response.content().readableBytes());
        return response;
    }

    private static String error(String code) {
        return "{\"error\":{\"message\":\"secret-detail sk-123\",\"type\":\"" + code + "\",\"code\":\"" + code + "\"}}";
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (current != null) {
            current.abandon();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }

    /** One reply on its way out. */
    private final class Reply {
        private final ChannelHandlerContext ctx;
        private final FakeReply how;
        private final FakeReply.Mode mode;
        private final boolean usage;
        private long due = System.nanoTime();
        private int sent;
        private boolean over;

        Reply(ChannelHandlerContext ctx, FakeReply how, FakeReply.Mode mode, boolean usage) {
            this.ctx = ctx;
            this.how = how;
            this.mode = mode;
            this.usage = usage;
            stats.open.incrementAndGet();
        }

        void begin() {
            due += how.firstMs() * 1_000_000L;
            ctx.executor().schedule(this::next, due - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        private void next() {
            if (over) {
                return;
            }
            do {
                if (mode != FakeReply.Mode.OK && sent >= how.at()) {
                    misbehave();
                    return;
                }
                if (sent == how.tokens()) {
                    finish();
                    return;
                }
                ctx.write(new DefaultHttpContent(event(delta(word(sent)))));
                stats.tokens.increment();
                sent++;
                due += how.rate() > 0 ? (long) (1e9 / how.rate()) : 0;
            } while (due <= System.nanoTime());
            ctx.flush();
            ctx.executor().schedule(this::next, due - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        private String word(int i) {
            if (how.cite() > 0 && i % how.cite() >= how.cite() - MARK.length) {
                return MARK[i % how.cite() - how.cite() + MARK.length];
            }
            return (i == 0 ? "" : " ") + WORDS[i % WORDS.length];
        }

        private void misbehave() {
            switch (mode) {
                case HANG -> ctx.flush();
                case BROKEN_JSON -> {
                    ctx.writeAndFlush(new DefaultHttpContent(event("{\"choices\":[{\"delta\":{\"content\":\"oops")));
                    end(true);
                }
                case HUGE_LINE -> {
                    ctx.write(new DefaultHttpContent(Unpooled.copiedBuffer("data: ", StandardCharsets.US_ASCII)));
                    for (int i = 0; i < 64; i++) {
                        ctx.write(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[64 * 1024])));
                    }
                    ctx.flush();
                }
                case CUT -> {
                    ctx.flush();
                    end(false);
                    ctx.close();
                }
                case CUT_CLEAN -> {
                    ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
                    end(true);
                }
                case ERROR -> {
                    ctx.writeAndFlush(new DefaultHttpContent(event(error("server_error"))));
                    ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
                    end(true);
                }
                case OK,
                        REFUSE,
                        HANG_HEADER,
                        HTML,
                        BAD_REQUEST,
                        UNAUTHORIZED,
                        RATE_LIMITED,
                        SERVER_ERROR,
                        UNAVAILABLE -> throw new IllegalStateException("not in a stream: " + mode);
            }
        }

        private void finish() {
            ctx.write(new DefaultHttpContent(event(
                    "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"fake\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]"
                            + (usage ? ",\"usage\":null}" : "}"))));
            if (usage) {
                ctx.write(new DefaultHttpContent(event(
                        "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"fake\",\"choices\":[],\"usage\":{\"prompt_tokens\":42,\"completion_tokens\":"
                                + sent + ",\"total_tokens\":" + (42 + sent) + "}}")));
            }
            ctx.write(new DefaultHttpContent(event("[DONE]")));
            ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            end(true);
        }

        private void end(boolean finished) {
            over = true;
            current = null;
            stats.open.decrementAndGet();
            if (finished) {
                stats.finished.increment();
            }
        }

        void abandon() {
            over = true;
            current = null;
            stats.open.decrementAndGet();
            stats.abandoned.increment();
        }

        private String delta(String text) {
            return "{\"id\":\"chatcmpl-fake\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"fake\",\"system_fingerprint\":\"fp_0\",\"choices\":[{\"index\":0,\"delta\":{"
                    + (sent == 0 ? "\"role\":\"assistant\"," : "")
                    + "\"content\":\"" + text.replace("\"", "\\\"")
                    + "\"},\"logprobs\":null,\"finish_reason\":null}]" + (usage ? ",\"usage\":null}" : "}");
        }

        private ByteBuf event(String data) {
            return Unpooled.wrappedBuffer(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
