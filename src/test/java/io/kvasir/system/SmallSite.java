package io.kvasir.system;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A site of a few pages on 127.0.0.2, which servers under test are allowed to reach. */
final class SmallSite implements AutoCloseable {
    static final String NETWORK = "127.0.0.2/32";

    final Map<String, String> pages = new ConcurrentHashMap<>();
    /** Every path that was asked for, in that order. */
    final List<String> asked = new CopyOnWriteArrayList<>();

    volatile boolean broken;
    private final HttpServer server;

    SmallSite() throws IOException {
        this(_ -> "");
    }

    /** @param others pages that are made as they are asked for; empty where there is none */
    SmallSite(Function<String, String> others) throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.2", 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", exchange -> {
            try (exchange) {
                String path = exchange.getRequestURI().toString();
                asked.add(path);
                String page = pages.getOrDefault(path, others.apply(path));
                byte[] body = page.getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders()
                        .add("Content-Type", path.endsWith(".xml") ? "application/xml" : "text/html; charset=utf-8");
                int status = broken ? 500 : page.isEmpty() ? 404 : 200;
                exchange.sendResponseHeaders(status, status == 200 ? body.length : -1);
                if (status == 200) {
                    exchange.getResponseBody().write(body);
                }
            }
        });
        server.start();
    }

    String url(String path) {
        return "http://127.0.0.2:" + server.getAddress().getPort() + path;
    }

    /** @param links paths */
    void page(String path, String title, String text, String... links) {
        StringBuilder html = new StringBuilder("<!doctype html><html lang=en><head><title>" + title
                + "</title></head><body><article><h1>" + title + "</h1><p>" + text + "</p></article><nav>");
        for (String link : links) {
            html.append("<a href='").append(link).append("'>more</a>");
        }
        pages.put(path, html + "</nav></body></html>");
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
