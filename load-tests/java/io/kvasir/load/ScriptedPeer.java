package io.kvasir.load;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server that answers every request with the same bytes and then does one thing: what no HTTP library would let it do. */
public final class ScriptedPeer implements AutoCloseable {
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

    /** Small enough to split any event. */
    private static final int CHUNK = 48;

    /** What happens after the bytes. */
    public enum Then {
        CLOSE,
        /** A TCP reset. */
        RESET,
        /** Nothing, until the caller closes. */
        HANG
    }

    private final ServerSocket server;
    private final byte[] bytes;
    private final Then then;
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger left = new AtomicInteger();

    private ScriptedPeer(byte[] bytes, Then then) throws IOException {
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.bytes = bytes;
        this.then = then;
        Thread.ofVirtual().start(this::accept);
    }

    public static ScriptedPeer start(byte[] bytes, Then then) {
        try {
            return new ScriptedPeer(bytes, then);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A streamed response in small chunks, cut after so many bytes of its body: the last chunk promises more. */
    public static byte[] cut(byte[] body, int length) {
        return response(body, length, false);
    }

    /** The same, ended in good order after so many bytes. */
    public static byte[] ended(byte[] body, int length) {
        return response(body, length, true);
    }

    private static byte[] response(byte[] body, int length, boolean ended) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ascii(all, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int at = 0; at < length; at += CHUNK) {
            int size = Math.min(CHUNK, length - at);
            ascii(all, Integer.toHexString(ended ? size : Math.min(CHUNK, body.length - at)) + "\r\n");
            all.write(body, at, size);
            if (ended || at + size == body.length || size == CHUNK) {
                ascii(all, "\r\n");
            }
        }
        if (ended) {
            ascii(all, "0\r\n\r\n");
        }
        return all.toByteArray();
    }

    private static void ascii(ByteArrayOutputStream to, String text) {
        to.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    public String root() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    public int calls() {
        return calls.get();
    }

    /** Callers that closed while it hung. */
    public int left() {
        return left.get();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            request(in);
            calls.incrementAndGet();
            OutputStream out = socket.getOutputStream();
            out.write(bytes);
            out.flush();
            switch (then) {
                case CLOSE -> {}
                case RESET -> socket.setSoLinger(true, 0);
                case HANG -> {
                    gone(in);
                    left.incrementAndGet();
                }
            }
        } catch (IOException gone) {
            // the caller had enough
        }
    }

    private static void gone(InputStream in) {
        try {
            while (in.read() >= 0) {
                // not ours to answer
            }
        } catch (IOException reset) {
            // gone as well
        }
    }

    private static void request(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int c = in.read();
            if (c < 0) {
                throw new IOException("no request");
            }
            head.append((char) c);
        }
        Matcher length = LENGTH.matcher(head);
        if (length.find()) {
            in.readNBytes(Integer.parseInt(length.group(1)));
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
