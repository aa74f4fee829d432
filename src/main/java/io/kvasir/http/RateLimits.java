package io.kvasir.http;

import io.kvasir.kernel.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * How often one may ask: a token bucket each for the address, the user or visitor, and the tenant, so that no tenant's
 * crowd takes the turn of another's. In memory, bounded: when there are too many buckets the one longest unused goes.
 *
 * <p>Each node grants its share, the limit divided by the nodes that are up: together they never grant more than the limit.
 */
public final class RateLimits {
    private static final int STRIPES = 64;

    /**
     * @param requests in {@code per}, for ever
     * @param burst most at once, after a rest
     */
    public record Rate(long requests, Duration per, long burst) {
        public Rate {
            if (requests < 1 || burst < 1 || !per.isPositive()) {
                throw new IllegalArgumentException("a rate needs requests >= 1, burst >= 1 and a positive time");
            }
        }
    }

    /**
     * @param on false: nothing is limited
     * @param mostBuckets that are remembered
     */
    public record Settings(boolean on, Rate address, Rate user, Rate visitor, Rate tenant, int mostBuckets) {
        public Settings {
            if (mostBuckets < STRIPES) {
                throw new IllegalArgumentException("kvasir.http.rate-limits.most-buckets must be at least " + STRIPES);
            }
        }
    }

    /** One bucket as it is now. @param reset seconds until it is full again */
    public record Quota(String policy, long limit, long window, long remaining, long reset) {}

    /** @param retryAfter empty where the request is let through */
    public record Verdict(Optional<Duration> retryAfter, List<Quota> quotas) {
        boolean passed() {
            return retryAfter.isEmpty();
        }
    }

    private static final Verdict FREE = new Verdict(Optional.empty(), List.of());

    private final Settings settings;
    private final IntSupplier nodes;
    private final LongSupplier nanos;
    private final List<Map<String, Bucket>> stripes = new ArrayList<>();

    /** @param nodes how many of them share the work now; @param nanos a clock like {@link System#nanoTime()} */
    public RateLimits(Settings settings, IntSupplier nodes, LongSupplier nanos) {
        this.settings = settings;
        this.nodes = nodes;
        this.nanos = nanos;
        int each = settings.mostBuckets() / STRIPES;
        for (int i = 0; i < STRIPES; i++) {
            stripes.add(new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > each;
                }
            });
        }
    }

    public static RateLimits none() {
        Rate any = new Rate(1, Duration.ofSeconds(1), 1);
        return new RateLimits(new Settings(false, any, any, any, any, STRIPES), () -> 1, System::nanoTime);
    }

    /** Counts a request of an address, as {@link ClientAddress} gives it. */
    public Verdict admit(String address) {
        if (!settings.on()) {
            return FREE;
        }
        Taken taken = take("address", "address " + ClientAddress.network(address), settings.address());
        return new Verdict(taken.retryAfter(), List.of(taken.quota()));
    }

    /** Counts a request of a known caller, for them and for their tenant. */
    public Verdict admit(Principal caller) {
        if (!settings.on()) {
            return FREE;
        }
        boolean visitor = caller.boundTo().isPresent();
        String who = caller.tenant() + "/" + caller.user();
        Taken own = visitor
                ? take("visitor", "visitor " + who, settings.visitor())
                : take("user", "user " + who, settings.user());
        if (own.retryAfter().isPresent()) {
            return new Verdict(own.retryAfter(), List.of(own.quota()));
        }
        Taken tenant = take("tenant", "tenant " + caller.tenant(), settings.tenant());
        return new Verdict(tenant.retryAfter(), List.of(own.quota(), tenant.quota()));
    }

    /** How many buckets are remembered now. */
    int buckets() {
        int sum = 0;
        for (Map<String, Bucket> stripe : stripes) {
            synchronized (stripe) {
                sum += stripe.size();
            }
        }
        return sum;
    }

    private record Taken(Optional<Duration> retryAfter, Quota quota) {}

    private Taken take(String policy, String key, Rate rate) {
        int share = Math.max(1, nodes.getAsInt());
        double burst = Math.max(1.0, (double) rate.burst() / share);
        double perNano = (double) rate.requests() / share / rate.per().toNanos();
        Map<String, Bucket> stripe = stripes.get(Math.floorMod(key.hashCode(), STRIPES));
        synchronized (stripe) {
            long now = nanos.getAsLong();
            Bucket bucket = stripe.computeIfAbsent(key, _ -> new Bucket(burst, now));
            bucket.level = Math.min(burst, bucket.level + Math.max(0, now - bucket.at) * perNano);
            bucket.at = now;
            boolean granted = bucket.level >= 1;
            if (granted) {
                bucket.level -= 1;
            }
            return new Taken(
                    granted
                            ? Optional.empty()
                            : Optional.of(Duration.ofNanos((long) Math.ceil((1 - bucket.level) / perNano))),
                    new Quota(policy, (long) burst, (long) Math.ceil(burst / perNano / 1e9), (long) bucket.level, (long)
                            Math.ceil((burst - bucket.level) / perNano / 1e9)));
        }
    }

    private static final class Bucket {
        private double level;
        private long at;

        Bucket(double level, long at) {
            this.level = level;
            this.at = at;
        }
    }
}
