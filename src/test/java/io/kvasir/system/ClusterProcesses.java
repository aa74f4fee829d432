package io.kvasir.system;

import io.kvasir.jdbc.PostgresForTests;
import io.kvasir.kernel.FreePort;
import io.kvasir.load.FakeLlm;
import io.kvasir.load.FakeReply;
import io.kvasir.retrieval.qdrant.QdrantDouble;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Several real servers in JVMs of their own on one PostgreSQL, one Qdrant double and one fake language model. */
public final class ClusterProcesses implements AutoCloseable {
    private final Path folder;
    private final PostgresForTests postgres = PostgresForTests.start("max_connections=200");
    private final String database = postgres.database();
    private final QdrantDouble qdrant;
    private final FakeLlm llm;
    private final List<Integer> ports;
    private final Optional<ClusterLinks> links;
    private final Map<String, String> more;
    private final List<String> jvm;
    /** In the order in which they joined: the first is the oldest. */
    private final List<Member> members = new CopyOnWriteArrayList<>();

    private final AtomicInteger turn = new AtomicInteger();

    /** @param number which of the seeds it is, from 0 */
    public record Member(int number, ServerProcess server) {
        public URI uri(String path) {
            return server.uri(path);
        }
    }

    /**
     * @param reply how the language model answers
     * @param more settings of every server
     * @param jvm options of every server's JVM
     * @param links whether they speak to each other through a network that can be parted
     */
    public ClusterProcesses(
            Path folder, int size, FakeReply reply, Map<String, String> more, List<String> jvm, boolean links)
            throws IOException, InterruptedException {
        this.jvm = List.copyOf(jvm);
        this.folder = folder;
        this.qdrant = new QdrantDouble();
        this.llm = FakeLlm.start(0, reply);
        this.more = Map.copyOf(more);
        this.links = links ? Optional.of(new ClusterLinks(size)) : Optional.empty();
        List<Integer> known = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            known.add(links ? this.links.get().port(i) : FreePort.choose());
        }
        this.ports = List.copyOf(known);
        try {
            join(0);
            // The others do not wait for each other.
            List<CompletableFuture<Void>> rest = new ArrayList<>();
            for (int i = 1; i < size; i++) {
                int number = i;
                rest.add(CompletableFuture.runAsync(() -> {
                    try {
                        join(number);
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                }));
            }
            CompletableFuture.allOf(rest.toArray(CompletableFuture[]::new)).join();
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Starts a server that is not there, and waits until it answers, which it does as a member only. */
    public Member join(int number) throws IOException {
        Map<String, String> environment = new HashMap<>(Map.of(
                "KVASIR_DATABASE_URL", database,
                "KVASIR_DATABASE_USER", PostgresForTests.USER,
                "KVASIR_INDEX", "qdrant",
                "KVASIR_QDRANT_URL", qdrant.url(),
                "KVASIR_MASTER_KEY", Base64.getEncoder().encodeToString(new byte[32]),
                "KVASIR_OPENAI_BASE_URL", llm.url(),
                "KVASIR_OPENAI_API_KEY", "fake",
                "KVASIR_CLUSTER_PORT", Integer.toString(ports.get(number)),
                "KVASIR_CLUSTER_SEEDS",
                        String.join(
                                ",", ports.stream().map(p -> "127.0.0.1:" + p).toList())));
        environment.putAll(more);
        List<String> options = new ArrayList<>(jvm);
        links.ifPresent(l -> options.addAll(l.options(number)));
        Member member = new Member(
                number,
                ServerProcess.start(folder.resolve("node" + number), environment, options.toArray(String[]::new)));
        members.add(member);
        return member;
    }

    public List<Member> members() {
        return List.copyOf(members);
    }

    public Member oldest() {
        return members.getFirst();
    }

    public Member youngest() {
        return members.getLast();
    }

    /** One after the other. */
    public Member any() {
        List<Member> now = members;
        return now.get(Math.floorMod(turn.getAndIncrement(), now.size()));
    }

    /** SIGKILL. Nobody is told. @return {@link System#nanoTime} of it */
    public long kill(Member member) throws InterruptedException {
        members.remove(member);
        long at = System.nanoTime();
        member.server().kill();
        return at;
    }

    /** SIGSTOP: to the others it is silent, though nothing of it has ended. @return {@link System#nanoTime} of it */
    public long freeze(Member member) throws IOException, InterruptedException {
        members.remove(member);
        long at = System.nanoTime();
        member.server().freeze();
        return at;
    }

    /**
     * It hears none of the others, and they hear nothing of it; clients, the database and the index still reach it, and so
     * it counts as a member. @return {@link System#nanoTime} of it
     */
    public long part(Member member) {
        links.orElseThrow().part(member.number());
        return System.nanoTime();
    }

    /** These two hear nothing of each other any more, the others still hear both. @return {@link System#nanoTime} of it */
    public long cut(Member one, Member other) {
        links.orElseThrow().cut(one.number(), other.number());
        return System.nanoTime();
    }

    /** The network is whole again, and one that was apart has ended. */
    public void over(Member member) {
        members.remove(member);
        links.orElseThrow().join(member.number());
    }

    /** SIGTERM; it counts as a member until its process has ended, as for a load balancer that learns it late. */
    public int stop(Member member) throws InterruptedException {
        try {
            return member.server().stop();
        } finally {
            members.remove(member);
        }
    }

    public PostgresForTests postgres() {
        return postgres;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        for (Member member : members) {
            member.server().close();
        }
        llm.close();
        qdrant.close();
        postgres.close();
        if (links.isPresent()) {
            links.get().close();
        }
    }
}
