package io.kvasir.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Thousands of readers of event streams for next to no CPU: bytes are looked through for three marks and thrown away.
 * One connection per call.
 */
public final class EventClient implements AutoCloseable {
    private final NioEventLoopGroup loops;

    public EventClient(int threads) {
        loops = new NioEventLoopGroup(
                threads, Thread.ofPlatform().daemon().name("readers-", 0).factory());
    }

    /**
     * What to look for. No mark may begin with a repetition of its own beginning.
     *
     * @param begun the stream is open
     * @param token one delta
     * @param ended nothing more is expected
     */
    public record Marks(String begun, String token, String ended) {}

    /** One call, written by its event loop. Times are {@link System#nanoTime()}. */
    public static final class Call {
        private final CompletableFuture<Call> begun = new CompletableFuture<>();
        private final CompletableFuture<Call> ended = new CompletableFuture<>();
        private volatile long sentAt;
        private volatile long firstTokenAt;
        private volatile int deltas;
        private volatile boolean closed;
        private volatile Channel channel;

        /** The begin mark was read; fails where the connection ended before. */
        public CompletableFuture<Call> begun() {
            return begun;
        }

        /** The end mark was read; fails where the connection ended before. */
        public CompletableFuture<Call> ended() {
            return ended;
        }

        public double firstTokenMs() {
            return (firstTokenAt - sentAt) / 1e6;
        }

        public int deltas() {
            return deltas;
        }

        public boolean closed() {
            return closed;
        }

        public void close() {
            Channel open = channel;
            if (open != null) {
                open.close();
            }
        }
    }

    /** @param body empty for a GET */
    public static byte[] request(String method, String path, Map<String, String> headers, String body) {
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        if (content.length > 0) {
            head.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(content.length)
                    .append("\r\n");
        }
        return (head + "\r\n" + body).getBytes(StandardCharsets.UTF_8);
    }

    public Call open(int port, byte[] request, Marks marks) {
        Call call = new Call();
        new Bootstrap()
                .group(loops)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 30_000)
                .handler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        channel.config().setRecvByteBufAllocator(new io.netty.channel.FixedRecvByteBufAllocator(4096));
                        channel.pipeline().addLast(new Reader(call, request, marks));
                    }
                })
                .connect("127.0.0.1", port)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        call.closed = true;
                        call.begun.completeExceptionally(connected.cause());
                        call.ended.completeExceptionally(connected.cause());
                    }
                });
        return call;
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static final class Mark {
        private final byte[] bytes;
        private int matched;

        Mark(String text) {
            bytes = text.getBytes(StandardCharsets.US_ASCII);
        }

        boolean next(byte b) {
            matched = b == bytes[matched] ? matched + 1 : b == bytes[0] ? 1 : 0;
            if (matched < bytes.length) {
                return false;
            }
            matched = 0;
            return true;
        }
    }

    private static final class Reader extends ChannelInboundHandlerAdapter {
        private final Call call;
        private final byte[] request;
        private final Mark begun;
        private final Mark token;
        private final Mark ended;

        Reader(Call call, byte[] request, Marks marks) {
            this.call = call;
            this.request = request;
            begun = new Mark(marks.begun());
            token = new Mark(marks.token());
            ended = new Mark(marks.ended());
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            call.channel = ctx.channel();
            call.sentAt = System.nanoTime();
            ctx.writeAndFlush(Unpooled.wrappedBuffer(request));
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ((ByteBuf) message).forEachByte(this::look);
            ReferenceCountUtil.release(message);
        }

        private boolean look(byte b) {
            if (!call.begun.isDone() && begun.next(b)) {
                call.begun.complete(call);
            }
            if (token.next(b)) {
                if (call.deltas == 0) {
                    call.firstTokenAt = System.nanoTime();
                }
                call.deltas = call.deltas + 1;
            }
            if (ended.next(b)) {
                call.ended.complete(call);
            }
            return true;
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            call.closed = true;
            IllegalStateException early = new IllegalStateException("the connection was closed");
            call.begun.completeExceptionally(early);
            call.ended.completeExceptionally(early);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
