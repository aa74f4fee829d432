package io.kvasir.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Control: nothing but Netty saying one token after another. {@code GET /RATE}, tokens per second; 0 stays silent. */
final class BareNetty {
    private BareNetty() {}

    public static void main(String[] args) throws Exception {
        serve(Talker::new);
    }

    /** Listens on a port of the system's choice, says which, and answers each connection's requests until it is killed. */
    static void serve(Supplier<ChannelHandler> answering) throws InterruptedException {
        NioEventLoopGroup loops = new NioEventLoopGroup(Runtime.getRuntime().availableProcessors());
        var server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(64 * 1024))
                                .addLast(answering.get());
                    }
                })
                .bind("127.0.0.1", 0)
                .sync()
                .channel();
        System.out.println("port " + ((InetSocketAddress) server.localAddress()).getPort());
        server.closeFuture().sync();
    }

    /** The head of an event stream and its first line. */
    static void begin(Channel reader) {
        DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
        HttpUtil.setTransferEncodingChunked(head, true);
        reader.write(head);
        say(reader, "retry: 1000\n\n");
    }

    static void say(Channel reader, String text) {
        reader.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8))));
    }

    private static final class Talker extends SimpleChannelInboundHandler<FullHttpRequest> {
        private ScheduledFuture<?> talking;
        private int said;

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            begin(ctx.channel());
            int rate = Integer.parseInt(request.uri().substring(1));
            if (rate > 0) {
                talking = ctx.executor()
                        .scheduleAtFixedRate(
                                () -> say(ctx.channel(), BarePekko.token(++said)),
                                0,
                                1_000_000_000L / rate,
                                TimeUnit.NANOSECONDS);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (talking != null) {
                talking.cancel(false);
            }
        }
    }
}
