package io.kvasir.ingestion.mailbox;

import io.kvasir.outbound.AddressGuard;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.SocketFactory;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sockets that connect where the {@link AddressGuard} leads them and nowhere else: whatever address the mail library looked
 * up is looked up again, checked, and used as checked. The name stays what it was for TLS. Made for one connection.
 */
final class GuardedSockets {
    private final AddressGuard guard;
    private final SSLSocketFactory tls;
    private final Set<Socket> made = ConcurrentHashMap.newKeySet();

    /** @param tls whom it trusts decides which servers are believed to be who they say */
    GuardedSockets(AddressGuard guard, SSLSocketFactory tls) {
        this.guard = guard;
        this.tls = tls;
    }

    /** In the clear; TLS may be laid over it later by {@link #starttls}. */
    SocketFactory plain() {
        return new Factory(this::unconnected);
    }

    /**
     * TLS from the first byte. The library takes it for a plain socket: of a factory for TLS it would use only the TLS,
     * over a connection that it makes itself and nobody guards.
     */
    SocketFactory sealed() {
        return new Factory(Sealed::new);
    }

    /** Lays TLS over a connection that is there already, and makes none. */
    SSLSocketFactory starttls() {
        return new Starttls();
    }

    /** Breaks every connection, whoever waits on it. */
    void cut() {
        for (Socket socket : made) {
            try {
                socket.close();
            } catch (IOException closedAlready) {
                // As good as closed.
            }
        }
    }

    private Socket unconnected() {
        Socket socket = new Checked();
        made.add(socket);
        return socket;
    }

    private final class Checked extends Socket {
        @Override
        public void connect(SocketAddress endpoint) throws IOException {
            connect(endpoint, 0);
        }

        @Override
        public void connect(SocketAddress endpoint, int timeout) throws IOException {
            if (!(endpoint instanceof InetSocketAddress wanted)) {
                throw new IOException("no address");
            }
            super.connect(new InetSocketAddress(guard.checked(wanted.getHostString()), wanted.getPort()), timeout);
        }
    }

    /** TLS over a checked connection, with the name of the certificate checked as of a web server (RFC 9110, 4.3.4). */
    private final class Sealed extends Socket {
        private final Socket line = unconnected();
        private volatile @Nullable SSLSocket sealed;

        private Socket now() {
            Socket over = sealed;
            return over == null ? line : over;
        }

        @Override
        public void connect(SocketAddress endpoint) throws IOException {
            connect(endpoint, 0);
        }

        @Override
        public void connect(SocketAddress endpoint, int timeout) throws IOException {
            line.connect(endpoint, timeout);
            InetSocketAddress wanted = (InetSocketAddress) endpoint;
            SSLSocket over = (SSLSocket) tls.createSocket(line, wanted.getHostString(), wanted.getPort(), true);
            SSLParameters parameters = over.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            over.setSSLParameters(parameters);
            over.startHandshake();
            sealed = over;
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return now().getInputStream();
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return now().getOutputStream();
        }

        @Override
        public void setSoTimeout(int millis) throws SocketException {
            now().setSoTimeout(millis);
        }

        @Override
        public int getSoTimeout() throws SocketException {
            return now().getSoTimeout();
        }

        @Override
        public InetAddress getInetAddress() {
            return line.getInetAddress();
        }

        @Override
        public InetAddress getLocalAddress() {
            return line.getLocalAddress();
        }

        @Override
        public int getPort() {
            return line.getPort();
        }

        @Override
        public boolean isConnected() {
            return line.isConnected();
        }

        @Override
        public boolean isClosed() {
            return line.isClosed();
        }

        @Override
        public void close() throws IOException {
            now().close();
        }
    }

    private static final class Factory extends SocketFactory {
        private final Supplier<Socket> make;

        Factory(Supplier<Socket> make) {
            this.make = make;
        }

        @Override
        public Socket createSocket() {
            return make.get();
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            Socket socket = make.get();
            try {
                socket.connect(InetSocketAddress.createUnresolved(host, port));
                return socket;
            } catch (IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            return createSocket(host, port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return createSocket(host.getHostAddress(), port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            return createSocket(host.getHostAddress(), port);
        }
    }

    private final class Starttls extends SSLSocketFactory {
        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
            return tls.createSocket(socket, host, port, autoClose);
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw new IOException("no connection is made here");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) throws IOException {
            return createSocket(host, port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return createSocket(host.getHostAddress(), port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) throws IOException {
            return createSocket(host.getHostAddress(), port);
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return tls.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return tls.getSupportedCipherSuites();
        }
    }
}
