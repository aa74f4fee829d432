package io.kvasir.ingestion.document;

import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;

/** A Java process without a network: no parser can be talked into calling anyone. Made by name, see {@link ParserProcess}. */
public final class NoNetwork extends SelectorProvider {
    /** Shuts the classic sockets too, for good. */
    @SuppressWarnings("deprecation") // there is no other way to shut them
    static void install() throws IOException {
        Socket.setSocketImplFactory(() -> {
            throw new UnsupportedOperationException("no network");
        });
        ServerSocket.setSocketFactory(() -> {
            throw new UnsupportedOperationException("no network");
        });
    }

    private static IOException refused() {
        return new SocketException("no network");
    }

    @Override
    public DatagramChannel openDatagramChannel() throws IOException {
        throw refused();
    }

    @Override
    public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
        throw refused();
    }

    @Override
    public Pipe openPipe() throws IOException {
        throw refused();
    }

    @Override
    public AbstractSelector openSelector() throws IOException {
        throw refused();
    }

    @Override
    public ServerSocketChannel openServerSocketChannel() throws IOException {
        throw refused();
    }

    @Override
    public SocketChannel openSocketChannel() throws IOException {
        throw refused();
    }
}
