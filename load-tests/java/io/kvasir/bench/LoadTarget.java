package io.kvasir.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.jdbc.PostgresForTests;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import io.kvasir.system.Api;
import io.kvasir.system.ServerProcess;
import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What is loaded: a server of its own with a fake LLM, an empty data directory and as many tenants as wanted, or one that
 * runs already with accounts of its own. Each tenant has a shared knowledge base that knows something.
 */
final class LoadTarget implements AutoCloseable {
    private static final String PASSWORD = "a password for load tests";
    private static final Pattern LINK = Pattern.compile("/verify#token=(\\S+)");

    private final Path folder;
    private final Optional<FakeLlm> llm;
    private final Optional<ServerProcess> server;
    private final Function<String, URI> uri;
    private final Path people;

    private LoadTarget(
            Path folder,
            Optional<FakeLlm> llm,
            Optional<ServerProcess> server,
            Function<String, URI> uri,
            LoadOptions options)
            throws Exception {
        this.folder = folder;
        this.llm = llm;
        this.server = server;
        this.uri = uri;
        List<String> lines = new ArrayList<>(List.of("tenant,token,kb,slug"));
        List<String> tokens = server.isPresent() ? registered(options.tenants()) : loggedIn(options);
        for (int i = 0; i < tokens.size(); i++) {
            lines.add(tenant(i, tokens.get(i), server.isPresent() ? "fake:" + options.reply() : ""));
        }
        people = Files.write(folder.resolve("people.csv"), lines);
        if (server.isPresent()) {
            warm(tokens.getFirst(), lines.get(1).split(",")[2]);
        }
    }

    static LoadTarget open(LoadOptions options) throws Exception {
        Path folder = Files.createTempDirectory("kvasir-load");
        if (options.url().isPresent()) {
            return new LoadTarget(
                    folder,
                    Optional.empty(),
                    Optional.empty(),
                    path -> URI.create(options.url().get() + path),
                    options);
        }
        FakeLlm llm = FakeLlm.start(0, FakeReply.DEFAULT);
        Map<String, String> environment = new HashMap<>(Map.of(
                "KVASIR_OPENAI_BASE_URL", llm.url(),
                "KVASIR_OPENAI_API_KEY", "fake",
                "KVASIR_CONFIG", config(folder),
                "KVASIR_REGISTRATION", "OPEN",
                "KVASIR_FIRST_PLAN", "enterprise"));
        if (options.postgresql()) {
            environment.put("KVASIR_DATABASE_URL", PostgresForTests.start().database());
            environment.put("KVASIR_DATABASE_USER", PostgresForTests.USER);
        }
        ServerProcess server = ServerProcess.startAsIs(
                folder.resolve("data"),
                environment,
                options.heap().map(heap -> List.of("-Xmx" + heap)).orElse(List.of()));
        try {
            return new LoadTarget(folder, Optional.of(llm), Optional.of(server), server::uri, options);
        } catch (Exception e) {
            server.close();
            llm.close();
            throw e;
        }
    }

    String url() {
        return uri.apply("").toString();
    }

    /** {@code tenant,token,kb,slug}, a line for each tenant. */
    Path people() {
        return people;
    }

    /** The server, where it is our own. */
    Optional<ServerProcess> server() {
        return server;
    }

    /** What the server of our own keeps on the disk. */
    Path data() {
        return folder.resolve("data");
    }

    private static String config(Path folder) throws IOException {
        // Any model name: it tells the fake LLM how to behave. Tokens outlive the run.
        return Files.writeString(folder.resolve("load.conf"), """
                        kvasir.llm.providers.openai { models = [], base-url = ${KVASIR_OPENAI_BASE_URL} }
                        kvasir.identity.access-token = 24h
                        """).toString();
    }

    /** A server of seconds ago is slower than one of minutes ago, which is what anybody meets. */
    private void warm(String token, String kb) throws Exception {
        long end = System.nanoTime() + 10_000_000_000L;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                Api api = new Api(uri)) {
            api.token(token);
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(threads.submit(() -> {
                    while (System.nanoTime() < end) {
                        String conversation = api.made("/api/v1/chat/conversations", Map.of("kbId", kb));
                        api.post(
                                "/api/v1/chat/conversations/" + conversation + "/messages",
                                Map.of("content", "When are refunds paid?"),
                                "Accept",
                                "application/json");
                        api.post("/api/v1/knowledge-bases/" + kb + "/knowledge/search", Map.of("query", "refunds"))
                                .expect(200);
                    }
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
        }
    }

    /** Each an owner of a tenant of their own. */
    private List<String> registered(int tenants) throws Exception {
        List<String> tokens = new ArrayList<>();
        for (int i = 0; i < tenants; i++) {
            String email = "owner" + i + "@example.org";
            try (Api api = new Api(uri)) {
                api.post(
                                "/api/v1/auth/register",
                                Map.of("email", email, "password", PASSWORD, "tenantName", "Tenant " + i))
                        .expect(202);
                tokens.add(api.post("/api/v1/auth/email/verify", Map.of("token", mailed(email)))
                        .expect(200)
                        .body()
                        .get("accessToken")
                        .asText());
            }
        }
        return tokens;
    }

    private List<String> loggedIn(LoadOptions options) throws Exception {
        Path file = options.accounts()
                .orElseThrow(() -> new IllegalArgumentException(
                        "a server that runs already needs accounts=FILE, an address and a password on each line"));
        List<String> tokens = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank()) {
                continue;
            }
            String[] words = line.strip().split("\\s+", 2);
            try (Api api = new Api(uri)) {
                JsonNode in = api.post(
                                "/api/v1/auth/login",
                                Map.of("email", words[0], "password", words.length > 1 ? words[1] : ""))
                        .expect(200)
                        .body();
                if (in.path("expiresIn").asLong(Long.MAX_VALUE) < options.seconds()) {
                    throw new IllegalArgumentException("a login of " + url() + " is good for "
                            + in.get("expiresIn").asLong() + " s, less than the " + options.seconds()
                            + " s of this run: set KVASIR_ACCESS_TOKEN there");
                }
                tokens.add(in.get("accessToken").asText());
            }
        }
        return tokens;
    }

    /** @param model of the fake LLM; empty for what a new knowledge base of that server has */
    private String tenant(int number, String token, String model) throws Exception {
        try (Api api = new Api(uri)) {
            api.token(token);
            String kb = api.made(
                    "/api/v1/knowledge-bases",
                    model.isEmpty()
                            ? Map.of("name", "Load " + number)
                            : Map.of("name", "Load " + number, "provider", "openai", "model", model));
            String path = "/api/v1/knowledge-bases/" + kb;
            api.taught(path, "rules.md", rules());
            String slug = api.post(path + "/share", Map.of())
                    .expect(200)
                    .body()
                    .get("slug")
                    .asText();
            return "tenant" + number + "," + token + "," + kb + "," + slug;
        }
    }

    /** A hundred passages or so, with the answers to what is asked. */
    private static String rules() {
        StringBuilder rules = new StringBuilder("# Rules of the store\n\n");
        List<String> things =
                List.of("a lamp", "a chair", "a table", "a bed", "a carpet", "a mirror", "a shelf", "a clock");
        for (int i = 0; i < 24; i++) {
            String thing = things.get(i % things.size());
            rules.append("## Part ").append(i).append(": ").append(thing).append("\n\n");
            rules.append("Refunds for ")
                    .append(thing)
                    .append(" are paid within ")
                    .append(10 + i);
            rules.append(" days after the goods came back to the store.\n\n");
            rules.append("A parcel with ").append(thing).append(" may take ").append(2 + i % 5);
            rules.append(
                    " days in the country and twice as long abroad. We deliver to Norway, Sweden and Denmark.\n\n");
            rules.append("Returned goods are checked by a person of the workshop on floor ")
                    .append(i % 4);
            rules.append(". The warranty covers the frame for ").append(1 + i % 3);
            rules.append(" years, not the surface. Complaints are sent to desk ")
                    .append(i)
                    .append(".\n\n");
        }
        return rules.toString();
    }

    /** What the letter to this address asks to follow. */
    private String mailed(String to) throws Exception {
        long end = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < end) {
            try (Stream<Path> mails = Files.list(folder.resolve("data/outbox"))) {
                for (Path mail :
                        mails.filter(m -> m.toString().endsWith(".eml")).toList()) {
                    try (InputStream in = Files.newInputStream(mail)) {
                        MimeMessage message = new MimeMessage(Session.getInstance(new Properties()), in);
                        Matcher link = LINK.matcher(String.valueOf(message.getContent()));
                        if (message.getRecipients(Message.RecipientType.TO)[0]
                                        .toString()
                                        .equals(to)
                                && link.find()) {
                            return link.group(1);
                        }
                    }
                }
            } catch (java.nio.file.NoSuchFileException notYet) {
                // The first letter makes the folder.
            }
            LockSupport.parkNanos(20_000_000);
        }
        throw new IOException("no letter came for " + to);
    }

    @Override
    public void close() throws Exception {
        if (server.isPresent()) {
            server.get().stop();
        }
        llm.ifPresent(FakeLlm::close);
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(f -> f.toFile().delete());
        }
    }
}
