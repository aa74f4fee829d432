package io.kvasir.bench;

import io.kvasir.http.Json;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Control: what a relay costs that is nothing else. For {@code GET /RATE} it asks the fake LLM whose port it was started
 * with for a reply of so many tokens a second, and passes each token on as an event: one read, one write, no threads
 * between them, no conversation, nothing kept.
 */
final class NettyRelay {
    private static final byte[] MARK = "\"content\":\"".getBytes(StandardCharsets.US_ASCII);

    private NettyRelay() {}

    public static void main(String[] args) throws Exception {
        int llm = Integer.parseInt(args[0]);
        BareNetty.serve(() -> new Asked(llm));
    }

    private static final class Asked extends SimpleChannelInboundHandler<FullHttpRequest> {
        private final int llm;
        private Channel upstream;

        Asked(int llm) {
            this.llm = llm;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext reader, FullHttpRequest request) {
            BareNetty.begin(reader.channel());
            ChannelFuture connecting = new Bootstrap()
                    .group(reader.channel().eventLoop())
                    .channel(NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new HttpClientCodec()).addLast(new Told(reader.channel()));
                        }
                    })
                    .connect("127.0.0.1", llm);
            upstream = connecting.channel();
            String model = "fake:first=200,tokens=1000000,rate=" + request.uri().substring(1);
            connecting.addListener(_ -> ask(upstream, model));
        }

        private static void ask(Channel llm, String model) {
            byte[] body = Json.bytes(Map.of("model", model, "stream", true, "messages", List.of()));
            DefaultFullHttpRequest ask = new DefaultFullHttpRequest(
                    HttpVersion.HTTP_1_1, HttpMethod.POST, "/v1/chat/completions", Unpooled.wrappedBuffer(body));
            ask.headers()
                    .set(HttpHeaderNames.HOST, "127.0.0.1")
                    .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                    .set(HttpHeaderNames.CONTENT_LENGTH, body.length);
            llm.writeAndFlush(ask);
        }

        @Override
        public void channelInactive(ChannelHandlerContext reader) {
            if (upstream != null) {
                upstream.close();
            }
        }
    }

    /** What the model says. Finds each token in its bytes; whatever else the protocol can do it does not know. */
    private static final class Told extends SimpleChannelInboundHandler<HttpObject> {
        private final Channel reader;
        private int said;

        Told(Channel reader) {
            this.reader = reader;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext llm, HttpObject piece) {
            if (!(piece instanceof HttpContent content)) {
                return;
            }
            ByteBuf bytes = content.content();
            byte[] text = new byte[bytes.readableBytes()];
            bytes.readBytes(text);
            int from = find(text, 0);
            while (from >= 0) {
                int to = from;
                while (to < text.length && text[to] != '"') {
                    to++;
                }
                String token = new String(text, from, to - from, StandardCharsets.UTF_8);
                BareNetty.say(reader, "event: delta\nid: 1:" + ++said + "\ndata: {\"text\":\"" + token + "\"}\n\n");
                from = find(text, to);
            }
        }

        private static int find(byte[] text, int from) {
            for (int i = from; i + MARK.length <= text.length; i++) {
                int j = 0;
                while (j < MARK.length && text[i + j] == MARK[j]) {
                    j++;
                }
                if (j == MARK.length) {
                    return i + j;
                }
            }
            return -1;
        }
    }
}
