package io.kvasir.system;

import io.kvasir.http.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** One request on a bare socket, and the bytes of its answer as they come. */
final class RawStream implements AutoCloseable {
    private final Socket socket = new Socket();
    private final InputStream in;
    private final String status;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private long left;
    private boolean ended;

    private RawStream(URI uri, String request, byte[] body, int window) throws IOException {
        if (window > 0) {
            socket.setReceiveBufferSize(window);
        }
        socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 5_000);
        socket.setSoTimeout(60_000);
        OutputStream out = socket.getOutputStream();
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        in = new BufferedInputStream(socket.getInputStream(), 1_024);
        status = line();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
    }

    /** @param window receive buffer in bytes, so that a client that reads nothing is soon felt; 0 for the system's */
    static RawStream get(URI uri, String token, int window, String... extra) throws IOException {
        return new RawStream(uri, head("GET", uri, token, extra) + "\r\n", new byte[0], window);
    }

    static RawStream ask(URI uri, String token, String question) throws IOException {
        byte[] body = Json.bytes(Map.of("content", question));
        String head = head("POST", uri, token, "Accept: text/event-stream", "Content-Type: application/json");
        return new RawStream(uri, head + "Content-Length: " + body.length + "\r\n\r\n", body, 0);
    }

    private static String head(String method, URI uri, String token, String... extra) {
        StringBuilder head = new StringBuilder(method + " " + uri.getRawPath() + " HTTP/1.1\r\nHost: "
                + uri.getAuthority() + "\r\nAuthorization: Bearer " + token + "\r\n");
        for (String header : extra) {
            head.append(header).append("\r\n");
        }
        return head.toString();
    }

    String status() {
        return status;
    }

    /** By lower-case name. */
    Map<String, String> headers() {
        return headers;
    }

    /** At most so many bytes of the chunked body; fewer at its end only. */
    byte[] read(int most) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (body.size() < most && !ended) {
            if (left == 0) {
                left = Long.parseLong(line(), 16);
                if (left == 0) {
                    ended = true;
                    if (!line().isEmpty()) {
                        throw new IOException("no empty line after the last chunk");
                    }
                    break;
                }
            }
            byte[] piece = in.readNBytes((int) Math.min(left, most - body.size()));
            if (piece.length == 0) {
                throw new EOFException("the connection ended inside a chunk");
            }
            body.write(piece);
            left -= piece.length;
            if (left == 0 && !line().isEmpty()) {
                throw new IOException("no line end after a chunk");
            }
        }
        return body.toByteArray();
    }

    /** The whole body; it must be well-formed UTF-8 and end with the last chunk. */
    String rest() throws IOException {
        return utf8(read(Integer.MAX_VALUE));
    }

    static String utf8(byte[] bytes) throws IOException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended inside a line");
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
