package io.kvasir.ingestion.document;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.mime.MediaType;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.sax.XHTMLContentHandler;
import org.xml.sax.ContentHandler;
import org.xml.sax.SAXException;

/** What a document could make a parser do, in the parser's own process: {@code HOSTILE deed argument}. */
public final class HostileParser implements Parser {
    private static final long serialVersionUID = 1L;
    private static final String TYPE = "application/vnd.oasis.opendocument.x-hostile";

    @Override
    public Set<MediaType> getSupportedTypes(ParseContext context) {
        return Set.of(MediaType.parse(TYPE));
    }

    @Override
    public void parse(InputStream in, ContentHandler handler, Metadata metadata, ParseContext context)
            throws IOException, SAXException {
        String[] words = new String(in.readAllBytes(), StandardCharsets.UTF_8).split(" ");
        XHTMLContentHandler xhtml = new XHTMLContentHandler(handler, metadata);
        xhtml.startDocument();
        xhtml.element("p", "Before the deed.");
        switch (words[1]) {
            case "hang" -> {
                Files.writeString(Path.of(System.getProperty("java.io.tmpdir"), "left-behind"), "x");
                Files.writeString(
                        Path.of(words[2]), Long.toString(ProcessHandle.current().pid()));
                hang();
            }
            case "memory" -> exhaust();
            case "halt" -> Runtime.getRuntime().halt(7);
            case "killed" -> Runtime.getRuntime().halt(137);
            case "stack" -> deeper(1);
            case "bug" -> throw new IllegalStateException("a parser's bug");
            case "noise" -> System.out.println("a parser speaks where it should not");
            case "look" ->
                xhtml.element(
                        "p",
                        "environment " + System.getenv().keySet() + " temporary " + System.getProperty("java.io.tmpdir")
                                + " end");
            case "dial" -> xhtml.element("p", dial(Integer.parseInt(words[2])));
            default -> throw new IOException("unknown deed");
        }
        xhtml.endDocument();
    }

    private static void hang() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            hang();
        }
    }

    private static void exhaust() {
        List<byte[]> all = new ArrayList<>();
        while (true) {
            all.add(new byte[1 << 20]);
        }
    }

    private static int deeper(int n) {
        return deeper(n + 1) + 1;
    }

    private static String dial(int port) {
        int refused = 0;
        InetAddress here = InetAddress.getLoopbackAddress();
        try (Socket socket = new Socket(here, port)) {
            socket.getOutputStream().write(1);
        } catch (IOException | RuntimeException e) {
            refused++;
        }
        try (SocketChannel channel = SocketChannel.open(new InetSocketAddress(here, port))) {
            channel.isConnected();
        } catch (IOException | RuntimeException e) {
            refused++;
        }
        try {
            HttpURLConnection http = (HttpURLConnection)
                    URI.create("http://127.0.0.1:" + port + "/x").toURL().openConnection();
            http.setConnectTimeout(1_000);
            http.setReadTimeout(1_000);
            http.getResponseCode();
        } catch (IOException | RuntimeException e) {
            refused++;
        }
        return "refused " + refused + " of 3";
    }
}
