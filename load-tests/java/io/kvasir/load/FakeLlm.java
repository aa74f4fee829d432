package io.kvasir.load;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * A provider that costs nothing: OpenAI's streaming chat completions and model list over plain HTTP, with a settable
 * first-token delay, rate and length, and with every way a provider can misbehave ({@link FakeReply.Mode}).
 *
 * <p>{@code java io.kvasir.load.FakeLlm [--port 8090] [--host 127.0.0.1] [--threads 1] [--reply first=100,rate=50,tokens=200]}.
 * {@code GET /stats} tells what it saw, {@code POST /stats/reset} forgets it.
 */
public final class FakeLlm implements AutoCloseable {
    /** A request with all passages of a large prompt fits; a client that sends more is broken. */
    private static final int LARGEST_REQUEST = 16 * 1024 * 1024;

    private final NioEventLoopGroup loops;
    private final Channel server;
    private final Stats stats = new Stats();
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

    private FakeLlm(String host, int port, int threads, FakeReply reply) throws InterruptedException {
        ThreadFactory daemons =
                Thread.ofPlatform().daemon().name("fake-llm-", 0).factory();
        loops = new NioEventLoopGroup(threads, daemons);
        server = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 8192)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        stats.connections.increment();
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(LARGEST_REQUEST))
                                .addLast(new FakeLlmHandler(reply, stats, calls));
                    }
                })
                .bind(host, port)
                .sync()
                .channel();
    }

    /** @param port 0 for any free one */
    public static FakeLlm start(int port, FakeReply reply) {
        return start("127.0.0.1", port, 1, reply);
    }

    public static FakeLlm start(String host, int port, int threads, FakeReply reply) {
        try {
            return new FakeLlm(host, port, threads, reply);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** What clients are given as base URL. */
    public String url() {
        return "http://127.0.0.1:" + port() + "/v1";
    }

    public Stats stats() {
        return stats;
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
        loops.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** Counted since the start or the last reset. */
    public static final class Stats {
        final LongAdder connections = new LongAdder();
        final LongAdder calls = new LongAdder();
        final LongAdder tokens = new LongAdder();
        final LongAdder finished = new LongAdder();
        final LongAdder abandoned = new LongAdder();
        final AtomicInteger open = new AtomicInteger();
        volatile String lastRequest = "";
        volatile String lastAuthorization = "";

        public long connections() {
            return connections.sum();
        }

        public long calls() {
            return calls.sum();
        }

        public long tokens() {
            return tokens.sum();
        }

        /** Replies sent to their end. */
        public long finished() {
            return finished.sum();
        }

        /** Replies whose reader left before the end. */
        public long abandoned() {
            return abandoned.sum();
        }

        /** Replies being sent. */
        public int open() {
            return open.get();
        }

        public String lastRequest() {
            return lastRequest;
        }

        public String lastAuthorization() {
            return lastAuthorization;
        }

        void reset() {
            connections.reset();
            calls.reset();
            tokens.reset();
            finished.reset();
            abandoned.reset();
        }

        String json() {
            return "{\"calls\":%d,\"tokens\":%d,\"finished\":%d,\"abandoned\":%d,\"open\":%d}"
                    .formatted(calls(), tokens(), finished(), abandoned(), open());
        }
    }

    public static void main(String[] args) throws InterruptedException {
        String host = "127.0.0.1";
        int port = 8090;
        int threads = 1;
        FakeReply reply = FakeReply.DEFAULT;
        for (int i = 0; i + 1 < args.length; i += 2) {
            switch (args[i]) {
                case "--host" -> host = args[i + 1];
                case "--port" -> port = Integer.parseInt(args[i + 1]);
                case "--threads" -> threads = Integer.parseInt(args[i + 1]);
                case "--reply" -> reply = reply.with(args[i + 1]);
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        FakeLlm fake = start(host, port, threads, reply);
        System.out.println("fake LLM on http://" + host + ":" + fake.port() + "/v1 " + reply);
        fake.server.closeFuture().sync();
    }
}
