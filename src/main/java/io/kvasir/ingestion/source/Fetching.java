package io.kvasir.ingestion.source;

import io.kvasir.http.Json;
import io.kvasir.ingestion.Kept;
import io.kvasir.ingestion.source.ItemRows.Phase;
import io.kvasir.ingestion.source.RunRows.Count;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.SourceId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** The first half of a reading: what there is, and its bytes into the store. Each thing read is written down at once. */
final class Fetching {
    private static final int BATCH = 200;
    private static final long LOOK_MILLIS = 250;

    private final VisitRun run;
    private final Visit visit;
    /** What this run came across: links lead to the same place again and again. */
    private final Set<String> seen = ConcurrentHashMap.newKeySet();

    private final AtomicLong place = new AtomicLong();

    Fetching(VisitRun run, Visit visit) {
        this.run = run;
        this.visit = visit;
        seen.addAll(run.db(c -> ItemRows.seen(c, run.key(), run.run())));
        place.set(run.db(c -> ItemRows.lastPlace(c, run.key())));
    }

    /** What the file of an item is called and where a reader finds it; sealed in its row. */
    record Card(
            String name,
            @Nullable String mediaType,
            @Nullable String url) {}

    // what there is

    void list() throws SourceFault {
        Names names = new Names();
        visit.list(names);
        names.flush();
        RunRows.Listing listing = names.partial ? RunRows.Listing.PARTIAL : RunRows.Listing.WHOLE;
        run.db(c -> {
            RunRows.listed(c, run.key(), run.run(), listing);
            return true;
        });
    }

    /** Gathers names, so that many share a transaction. */
    private final class Names implements Listing {
        private final List<io.kvasir.jdbc.Transactor.Change> waiting = new ArrayList<>();
        private final Map<Count, Integer> counts = new EnumMap<>(Count.class);
        private boolean partial;

        @Override
        public void found(String key, String note) {
            SourceId item = identity(key);
            if (!enter(item)) {
                return;
            }
            later(c -> {
                if (name(c, item, key, note)) {
                    counts.merge(Count.FOUND, 1, Integer::sum);
                }
            });
        }

        @Override
        public void still(String key) {
            SourceId item = identity(key);
            later(c -> ItemRows.still(c, run.key(), item, run.run()));
        }

        @Override
        public void gone(String key) {
            SourceId item = identity(key);
            later(c -> counts.merge(Count.REMOVED, ItemRows.gone(c, run.key(), item), Integer::sum));
        }

        @Override
        public void partial() {
            partial = true;
        }

        @Override
        public void known(Consumer<Found> each) {
            flush();
            String after = "";
            while (true) {
                String from = after;
                List<ItemRows.Row> rows = run.db(c -> ItemRows.whole(c, run.key(), from, BATCH));
                rows.forEach(row -> each.accept(shown(row)));
                if (rows.size() < BATCH) {
                    return;
                }
                after = rows.getLast().id().value();
            }
        }

        private void later(io.kvasir.jdbc.Transactor.Change change) {
            waiting.add(change);
            if (waiting.size() >= BATCH) {
                flush();
            }
        }

        void flush() {
            if (waiting.isEmpty()) {
                return;
            }
            run.db(c -> {
                counts.clear();
                for (io.kvasir.jdbc.Transactor.Change change : waiting) {
                    change.apply(c);
                }
                RunRows.add(c, run.key(), run.run(), counts);
                return true;
            });
            waiting.clear();
        }
    }

    private SourceId identity(String key) {
        return ItemRows.identity(run.id(), key);
    }

    /** @return whether this run has not come across it yet, and there is room for more */
    private boolean enter(SourceId item) {
        return seen.size() < visit.mostItems() && seen.add(item.value());
    }

    private boolean name(Connection c, SourceId item, String key, String note) throws SQLException {
        return ItemRows.found(
                c, run.key(), item, run.seal(key), run.seal(note), place.incrementAndGet(), run.run(), run.now());
    }

    private Found shown(ItemRows.Row row) {
        return new Found(
                run.open(row.name()),
                row.note().map(run::open).orElse(""),
                // Without its bytes at hand what is remembered would only keep us from getting them.
                row.hash().isPresent() ? row.marks().map(run::open) : Optional.empty(),
                row.published() > 0);
    }

    // reading

    private record Over(ItemRows.Row item, Optional<Throwable> fault) {}

    /** Reads all that was found, and what is found by that. */
    void read(Shelving shelving) throws SourceFault {
        Deque<ItemRows.Row> queue = new ArrayDeque<>();
        Set<SourceId> inHand = new HashSet<>();
        BlockingQueue<Over> over = new LinkedBlockingQueue<>();
        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            while (true) {
                run.check();
                if (queue.isEmpty()) {
                    boolean nobodyReads = inHand.isEmpty();
                    run.db(c -> ItemRows.in(c, run.key(), Phase.FOUND, Optional.of(run.run()), BATCH)).stream()
                            .filter(row -> !inHand.contains(row.id()))
                            .forEach(queue::add);
                    if (queue.isEmpty() && nobodyReads) {
                        return;
                    }
                }
                while (inHand.size() < visit.atOnce() && !queue.isEmpty()) {
                    ItemRows.Row item = queue.poll();
                    inHand.add(item.id());
                    readers.execute(() -> over.add(new Over(item, read(item))));
                }
                Over one = next(over);
                if (one != null) {
                    inHand.remove(one.item().id());
                    if (one.fault().isPresent()) {
                        fail(one.fault().get());
                    }
                    shelving.look();
                }
            }
        }
    }

    private static @Nullable Over next(BlockingQueue<Over> over) {
        try {
            return over.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            throw new Opened.VisitEnded();
        }
    }

    private static void fail(Throwable fault) throws SourceFault {
        switch (fault) {
            case SourceFault e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException(fault);
        }
    }

    private Optional<Throwable> read(ItemRows.Row item) {
        try {
            record(item, visit.read(shown(item)));
            return Optional.empty();
        } catch (SourceFault | RuntimeException | Error e) {
            return Optional.of(e);
        }
    }

    /** A file on its way into the store. @param fresh its bytes are other than those of before */
    private record Prepared(
            SourceId item, String key, byte[] card, long version, String hash, long size, boolean fresh) {}

    private void record(ItemRows.Row item, Read read) throws SourceFault {
        switch (read) {
            case Read.Content content -> keep(item, content);
            case Read.Same _ ->
                write(item, led(item), (c, counts) -> {
                    ItemRows.still(c, run.key(), item.id(), run.run());
                    // Its bytes may be here though nobody came to make passages of them.
                    Phase phase =
                            item.version() > item.published() && item.hash().isPresent() ? Phase.FETCHED : Phase.DONE;
                    ItemRows.done(c, run.key(), item.id(), phase, Optional.empty(), Optional.empty(), Optional.empty());
                    counts.merge(Count.UNCHANGED, 1, Integer::sum);
                });
            case Read.Gone _ ->
                write(item, List.of(), (c, counts) -> {
                    int gone = ItemRows.gone(c, run.key(), item.id());
                    counts.merge(gone > 0 ? Count.REMOVED : Count.SKIPPED, Math.max(1, gone), Integer::sum);
                });
            case Read.Skipped skipped ->
                write(item, skipped.links(), (c, counts) -> {
                    ItemRows.led(c, run.key(), item.id(), links(skipped.links()));
                    ItemRows.done(
                            c,
                            run.key(),
                            item.id(),
                            item.version() > 0 ? Phase.SKIPPED : Phase.DONE,
                            Optional.empty(),
                            Optional.of(skipped.code()),
                            Optional.of(run.seal(skipped.detail())));
                    ItemRows.partsGone(c, run.key(), item.id(), run.run());
                    counts.merge(Count.SKIPPED, 1, Integer::sum);
                });
            case Read.Failed failed ->
                write(item, led(item), (c, counts) -> {
                    if (!item.led() && item.version() > 0) {
                        // Nobody knows what it leads to, so this time nothing goes for not being led to.
                        RunRows.listed(c, run.key(), run.run(), RunRows.Listing.PARTIAL);
                        ItemRows.led(c, run.key(), item.id(), new byte[0]);
                    }
                    ItemRows.still(c, run.key(), item.id(), run.run());
                    ItemRows.done(
                            c,
                            run.key(),
                            item.id(),
                            Phase.DONE,
                            Optional.empty(),
                            Optional.of(failed.code()),
                            Optional.of(run.seal(failed.detail())));
                    counts.merge(Count.FAILED, 1, Integer::sum);
                });
        }
    }

    @FunctionalInterface
    private interface Writing {
        void apply(Connection c, Map<Count, Integer> counts) throws SQLException;
    }

    /** What became of one thing, and what it led to, in one transaction. */
    private void write(ItemRows.Row item, List<Read.Link> links, Writing writing) {
        List<Read.Link> fresh = new ArrayList<>();
        for (Read.Link link : links) {
            if (enter(identity(link.key()))) {
                fresh.add(link);
            }
        }
        run.db(c -> {
            Map<Count, Integer> counts = new EnumMap<>(Count.class);
            counts.put(Count.FETCHED, 1);
            writing.apply(c, counts);
            for (Read.Link link : fresh) {
                if (name(c, identity(link.key()), link.key(), link.note())) {
                    counts.merge(Count.FOUND, 1, Integer::sum);
                }
            }
            RunRows.add(c, run.key(), run.run(), counts);
            return true;
        });
    }

    /** As {@link ItemRows#led} keeps them. */
    private byte[] links(List<Read.Link> links) {
        return links.isEmpty() ? new byte[0] : run.seal(Packed.pack(Json.write(links)));
    }

    private List<Read.Link> led(ItemRows.Row item) {
        return item.led()
                ? run.links(run.db(c -> ItemRows.links(c, run.key(), item.id())).orElse(new byte[0]))
                : List.of();
    }

    private void keep(ItemRows.Row item, Read.Content content) throws SourceFault {
        Prepared whole = prepared(item.id(), run.open(item.name()), Optional.of(item), content.file());
        List<Prepared> parts = new ArrayList<>();
        for (Read.Part part : content.parts()) {
            SourceId id = identity(part.key());
            parts.add(prepared(id, part.key(), run.db(c -> ItemRows.find(c, run.key(), id)), part.file()));
        }
        Optional<byte[]> marks = content.marks().map(run::seal);
        write(item, content.links(), (c, counts) -> {
            settle(c, whole, marks, counts);
            ItemRows.led(c, run.key(), item.id(), links(content.links()));
            for (Prepared part : parts) {
                ItemRows.part(
                        c,
                        run.key(),
                        part.item(),
                        item.id(),
                        run.seal(part.key()),
                        place.incrementAndGet(),
                        run.run(),
                        run.now());
                settle(c, part, Optional.empty(), counts);
            }
            int gone = ItemRows.partsGone(c, run.key(), item.id(), run.run());
            if (gone > 0) {
                counts.merge(Count.REMOVED, gone, Integer::sum);
            }
        });
    }

    private void settle(Connection c, Prepared file, Optional<byte[]> marks, Map<Count, Integer> counts)
            throws SQLException {
        if (file.fresh()) {
            ItemRows.fetched(
                    c, run.key(), file.item(), file.version(), file.hash(), file.size(), file.card(), marks, run.now());
        } else {
            ItemRows.done(c, run.key(), file.item(), Phase.DONE, marks, Optional.empty(), Optional.empty());
            counts.merge(Count.UNCHANGED, 1, Integer::sum);
        }
    }

    /** Stores the bytes where they are new. */
    private Prepared prepared(SourceId item, String key, Optional<ItemRows.Row> known, Read.File file)
            throws SourceFault {
        String hash = hash(file);
        long version = known.map(ItemRows.Row::version).orElse(0L);
        long published = known.map(ItemRows.Row::published).orElse(0L);
        byte[] card = run.seal(Json.write(
                new Card(file.name(), file.mediaType().orElse(null), file.url().orElse(null))));
        boolean same = version > 0 && known.flatMap(ItemRows.Row::hash).equals(Optional.of(hash));
        if (same) {
            return new Prepared(item, key, card, version, hash, file.bytes().length, version > published);
        }
        long next = version > 0 ? version + 1 : ItemRows.firstVersion(run.now());
        if (published == 0) {
            room(file.bytes().length);
        }
        run.patiently(() -> run.tools()
                .blobs()
                .write(
                        run.scope(),
                        Kept.file(item, next),
                        Kept.subject(run.scope(), run.id()),
                        Source.single(ByteString.fromArrayUnsafe(file.bytes())),
                        Long.MAX_VALUE));
        return new Prepared(item, key, card, next, hash, file.bytes().length, true);
    }

    /** Asked for each new thing; given back at once, since what is kept is told with the next publication. */
    private void room(long bytes) throws SourceFault {
        Outcome<Shelf.Place> place = run.patiently(() -> run.tools().shelf().room(run.scope(), 1, bytes));
        switch (place) {
            case Outcome.Done<Shelf.Place>(Shelf.Place taken) ->
                run.patiently(() -> taken.giveBack().thenApply(_ -> true));
            case Outcome.Refused<Shelf.Place>(io.kvasir.kernel.Rejection reason) ->
                throw SourceFault.passing("plan-limit", reason.detail());
        }
    }

    private static String hash(Read.File file) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(VisitRun.utf8(file.name() + "\n" + file.url().orElse("") + "\n"));
            return HexFormat.of().formatHex(digest.digest(file.bytes()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What was there and is not any more. */
    void vanish() {
        run.db(c -> {
            if (RunRows.find(c, run.key(), run.run()).orElseThrow().listing() != RunRows.Listing.WHOLE) {
                return false;
            }
            int gone = ItemRows.vanished(c, run.key(), run.run());
            RunRows.add(c, run.key(), run.run(), gone > 0 ? Map.of(Count.REMOVED, gone) : Map.of());
            return true;
        });
    }
}
