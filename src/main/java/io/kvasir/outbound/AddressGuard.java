package io.kvasir.outbound;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Turns the name of a host into the address to connect to, or refuses. Whoever connects, connects to the very address
 * that came out of here: a name that changes its mind afterwards gains nothing. For HTTP, IMAP and SMTP alike.
 */
public final class AddressGuard {
    /** Looks a name up; the JDK's resolver unless a test has its own. */
    @FunctionalInterface
    public interface Resolver {
        List<InetAddress> resolve(String host) throws UnknownHostException;
    }

    /** An address that may not be reached. Which one it was is not told: that would map the network for the asker. */
    public static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message, null, false, false);
        }
    }

    private final List<Network> allowed;
    private final Resolver resolver;
    private final Executor lookups = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("lookup-", 0).factory());

    /** @param allowed private networks that may be reached all the same; empty where users are not to be trusted */
    public AddressGuard(List<Network> allowed) {
        this(allowed, host -> List.of(InetAddress.getAllByName(host)));
    }

    public AddressGuard(List<Network> allowed, Resolver resolver) {
        this.allowed = List.copyOf(allowed);
        this.resolver = resolver;
    }

    /** Fails with {@link Refused}, or {@link UnknownHostException} where there is no such host. */
    public CompletionStage<InetAddress> resolve(String host) {
        CompletableFuture<InetAddress> found = new CompletableFuture<>();
        lookups.execute(() -> {
            try {
                found.complete(checked(host));
            } catch (UnknownHostException | RuntimeException e) {
                found.completeExceptionally(e);
            }
        });
        return found;
    }

    /**
     * Like {@link #resolve}, waiting.
     *
     * @throws Refused where any of the host's addresses is not public: one good address must not cover for a bad one
     */
    public InetAddress checked(String host) throws UnknownHostException {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        List<InetAddress> addresses = resolver.resolve(bare);
        if (addresses.isEmpty()) {
            throw new UnknownHostException(bare);
        }
        for (InetAddress address : addresses) {
            if (!Addresses.isPublic(address) && allowed.stream().noneMatch(network -> network.contains(address))) {
                throw new Refused("The address is not on the public internet");
            }
        }
        return addresses.getFirst();
    }
}
