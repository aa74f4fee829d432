package io.kvasir.ingestion.faq;

import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.ingestion.Kept;
import io.kvasir.ingestion.source.Ledger;
import io.kvasir.ingestion.source.SourceEntry;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.jdbc.Transactor;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.retrieval.SourceVersion;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** The questions of knowledge bases: one list each, which is a source of its own in the ledger. */
public final class Faq {
    /** Every list has this id within its knowledge base. */
    static final SourceId LIST = new SourceId("faq");

    private static final int BATCH = 200;

    private final Transactor transactor;
    private final SubjectKeys keys;
    private final FaqSettings settings;
    private final Clock clock;
    private final CompletableFuture<Ledger> ledger = new CompletableFuture<>();

    public Faq(Transactor transactor, SubjectKeys keys, FaqSettings settings, Clock clock) {
        this.transactor = transactor;
        this.keys = keys;
        this.settings = settings;
        this.clock = clock;
    }

    /** For the ledger. */
    public SourceKind kind() {
        return new FaqKind(transactor, of -> keys.obtain(Kept.subject(of.first(), of.second())));
    }

    /** The ledger that reads it; told once. */
    public void kept(Ledger by) {
        ledger.complete(by);
    }

    FaqSettings settings() {
        return settings;
    }

    /** @param answerExactly whoever asks one of the questions word for word gets its answer at once, without a model */
    record Config(boolean answerExactly) {}

    CompletionStage<Outcome<Config>> config(Scope scope) {
        return ledger.thenCompose(book -> book.one(scope, FaqKind.NAME, LIST)
                .thenCompose(one -> one instanceof Outcome.Done<SourceEntry>(SourceEntry entry)
                        ? CompletableFuture.completedFuture(Outcome.done(config(entry)))
                        : book.exists(scope).thenApply(there -> there.map(_ -> new Config(false)))));
    }

    private static Config config(SourceEntry entry) {
        return Json.read(entry.settings(), Config.class);
    }

    CompletionStage<Outcome<Config>> configure(Scope scope, Config wanted) {
        return in(
                scope,
                _ -> ledger.thenCompose(book -> book.change(
                                scope, FaqKind.NAME, LIST, new Ledger.Wish(Json.write(wanted), Optional.empty()))
                        .thenApply(done -> done.map(Faq::config))));
    }

    /** Has a place in its order. @param place of the row */
    private static String cursor(FaqRows.Row row) {
        return Long.toString(row.place());
    }

    CompletionStage<Outcome<Page<FaqEntry>>> list(Scope scope, Page.Request request) {
        long after;
        try {
            after = request.after().map(Long::parseLong).orElse(0L);
        } catch (NumberFormatException e) {
            return CompletableFuture.completedFuture(
                    Outcome.refused(Rejection.Invalid.field("?cursor", "is not a cursor of ours")));
        }
        return looking(
                scope,
                rows -> transactor
                        .run(c -> rows.list(c, after, request.limit() + 1))
                        .thenApply(found -> Outcome.done(
                                Page.of(found, request.limit(), Faq::cursor).map(FaqRows.Row::entry))));
    }

    CompletionStage<Outcome<FaqEntry>> one(Scope scope, String id) {
        return looking(
                scope,
                rows -> transactor
                        .run(c -> rows.find(c, id))
                        .thenApply(row -> row.map(r -> Outcome.done(r.entry())).orElseGet(Faq::missing)));
    }

    /** One of this id, which nothing else has. Asked again, where nobody heard what came of it, it is given as it is. */
    CompletionStage<Outcome<FaqEntry>> add(Scope scope, String id, FaqDraft draft) {
        return changing(scope, (c, rows) -> {
            Optional<FaqRows.Row> there = rows.find(c, id);
            if (there.isPresent()) {
                return Outcome.done(there.get().entry());
            }
            if (rows.count(c) >= settings.mostEntries()) {
                return full();
            }
            rows.append(c, id, draft, rows.last(c), clock.instant());
            return Outcome.done(rows.find(c, id).orElseThrow().entry());
        });
    }

    /** @param change of the draft it is; @param after the id it comes behind, empty for the first place */
    CompletionStage<Outcome<FaqEntry>> change(
            Scope scope, String id, Function<FaqEntry, FaqDraft> change, Optional<String> after) {
        return changing(scope, (c, rows) -> {
            Optional<FaqRows.Row> row = rows.find(c, id);
            if (row.isEmpty()) {
                return missing();
            }
            if (after.isPresent() && (after.get().equals(id) || !rows.move(c, id, after.get()))) {
                return Outcome.refused(Rejection.Invalid.field("/after", "must be the id of another entry, or empty"));
            }
            FaqEntry before = row.get().entry();
            FaqDraft wanted = change.apply(before).checked();
            if (!wanted.equals(
                    new FaqDraft(before.question(), before.answer(), before.metadata(), before.language()))) {
                rows.change(c, id, wanted, clock.instant());
            }
            return Outcome.done(rows.find(c, id).orElseThrow().entry());
        });
    }

    CompletionStage<Outcome<Boolean>> remove(Scope scope, String id) {
        return changing(scope, (c, rows) -> rows.delete(c, id) ? Outcome.done(true) : missing());
    }

    /** What became of the lines of a file. @param unchanged were there already, word for word */
    record Imported(int created, int updated, int unchanged) {}

    /** All lines or none: a line whose question is known changes its answer. */
    CompletionStage<Outcome<Imported>> take(Scope scope, byte[] csv) {
        // Asked first: whoever has no business here learns nothing, not even of their own file.
        return ledger.thenCompose(book -> book.exists(scope))
                .thenCompose(there -> there.then(_ -> {
                    FaqCsv.Parsed parsed = FaqCsv.parse(csv);
                    return parsed.errors().isEmpty()
                            ? changing(scope, (c, rows) -> taken(c, rows, parsed.drafts()))
                            : CompletableFuture.completedFuture(Outcome.refused(new Rejection.Invalid(
                                    "Nothing was imported, since lines are wrong", parsed.errors())));
                }));
    }

    private Outcome<Imported> taken(Connection c, FaqRows rows, List<FaqDraft> drafts) throws SQLException {
        int created = 0;
        int updated = 0;
        int unchanged = 0;
        int count = rows.count(c);
        long last = rows.last(c);
        Map<String, Integer> lines = new HashMap<>();
        List<FieldError> twice = new ArrayList<>();
        for (int i = 0; i < drafts.size(); i++) {
            FaqDraft draft = drafts.get(i);
            Integer before = lines.putIfAbsent(FaqDraft.normal(draft.question()), i + 2);
            if (before != null) {
                twice.add(new FieldError("/lines/" + (i + 2) + "/question", "is the question of line " + before));
                continue;
            }
            Optional<FaqRows.Row> known = rows.asked(c, draft.question());
            if (known.isEmpty()) {
                if (count + created >= settings.mostEntries()) {
                    c.rollback();
                    return full();
                }
                last = rows.append(c, Ids.next(), draft, last, clock.instant());
                created++;
            } else if (same(known.get().entry(), draft)) {
                unchanged++;
            } else {
                rows.change(c, known.get().entry().id(), draft, clock.instant());
                updated++;
            }
        }
        if (!twice.isEmpty()) {
            c.rollback();
            return Outcome.refused(new Rejection.Invalid("Nothing was imported: questions stand twice", twice));
        }
        return Outcome.done(new Imported(created, updated, unchanged));
    }

    private static boolean same(FaqEntry entry, FaqDraft draft) {
        return new FaqDraft(entry.question(), entry.answer(), entry.metadata(), entry.language()).equals(draft);
    }

    /** The whole list as CSV, as it is read. */
    public CompletionStage<Outcome<Source<ByteString, NotUsed>>> give(Scope scope) {
        return looking(
                scope,
                rows -> CompletableFuture.completedFuture(Outcome.done(Source.single(FaqCsv.header())
                        .concat(Source.unfoldAsync(
                                        0L,
                                        after -> transactor
                                                .run(c -> rows.list(c, after, BATCH))
                                                .thenApply(found -> found.isEmpty()
                                                        ? Optional.<Pair<Long, List<FaqRows.Row>>>empty()
                                                        : Optional.of(Pair.create(
                                                                found.getLast().place(), found))))
                                .mapConcat(found -> found)
                                .map(row -> FaqCsv.line(row.entry())))
                        .map(line -> ByteString.fromArrayUnsafe(line.getBytes(StandardCharsets.UTF_8))))));
    }

    /** An entry that answers a question by itself. @param version of it that searches find */
    public record Exact(Scope scope, SourceVersion version, String question, String answer) {}

    /** The entry that is this question word for word, where its owner wants it answered at once and searches find it. */
    public CompletionStage<Optional<Exact>> exact(Scope scope, String question) {
        return keys.find(Kept.subject(scope, LIST))
                .thenCompose(key -> key.isEmpty()
                        ? CompletableFuture.completedFuture(Optional.<Exact>empty())
                        : transactor
                                .run(c -> new FaqRows(scope, key.get()).asked(c, question))
                                .thenCompose(row -> row.map(r -> exact(scope, r.entry()))
                                        .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))));
    }

    private CompletionStage<Optional<Exact>> exact(Scope scope, FaqEntry entry) {
        return config(scope)
                .thenCompose(config ->
                        config instanceof Outcome.Done<Config>(Config(boolean answerExactly)) && answerExactly
                                ? ledger.thenCompose(book -> book.searchable(scope, LIST, entry.id()))
                                : CompletableFuture.completedFuture(Optional.<SourceVersion>empty()))
                .thenApply(version -> version.map(v -> new Exact(scope, v, entry.question(), entry.answer())));
    }

    /** The first questions of a list, for people who do not know yet what to ask. @param most from 1 */
    public CompletionStage<List<String>> first(Scope scope, int most) {
        return keys.find(Kept.subject(scope, LIST))
                .thenCompose(key -> key.isEmpty()
                        ? CompletableFuture.completedFuture(List.<String>of())
                        : transactor.run(c -> new FaqRows(scope, key.get())
                                .list(c, 0, most).stream()
                                        .map(row -> row.entry().question())
                                        .toList()));
    }

    /** A deleted knowledge base leaves nothing here; the key goes with its other sources' keys. */
    public CompletionStage<Void> eraseOf(Scope scope) {
        return transactor.change(c -> FaqRows.deleteAll(c, scope));
    }

    // how it is told

    private CompletionStage<FaqRows> rows(Scope scope) {
        return keys.obtain(Kept.subject(scope, LIST)).thenApply(key -> new FaqRows(scope, key));
    }

    private <T> CompletionStage<Outcome<T>> looking(Scope scope, Function<FaqRows, CompletionStage<Outcome<T>>> work) {
        return ledger.thenCompose(book -> book.exists(scope))
                .thenCompose(there -> there.then(_ -> rows(scope).thenCompose(work)));
    }

    /** The list is there from the first change on. */
    private <T> CompletionStage<Outcome<T>> in(Scope scope, Function<FaqRows, CompletionStage<Outcome<T>>> work) {
        return ledger.thenCompose(book -> book.add(
                        scope, FaqKind.NAME, LIST, new Ledger.Wish(Json.write(new Config(false)), Optional.empty())))
                .thenCompose(added -> switch (added) {
                    case Outcome.Refused<SourceEntry>(Rejection.Conflict(String code, String _))
                    when code.equals("already-exists") -> rows(scope).thenCompose(work);
                    case Outcome.Refused<SourceEntry>(Rejection reason) ->
                        CompletableFuture.completedFuture(Outcome.<T>refused(reason));
                    case Outcome.Done<SourceEntry> _ -> rows(scope).thenCompose(work);
                });
    }

    @FunctionalInterface
    private interface Change<T> {
        Outcome<T> apply(Connection c, FaqRows rows) throws SQLException;
    }

    /** Acknowledged once it is durable; the list is read again at once. */
    private <T> CompletionStage<Outcome<T>> changing(Scope scope, Change<T> change) {
        return in(
                scope,
                rows -> transactor
                        .run(c -> change.apply(c, rows))
                        .thenCompose(outcome -> outcome instanceof Outcome.Done<T>
                                ? ledger.thenCompose(book -> book.ask(scope, FaqKind.NAME, LIST))
                                        .thenApply(_ -> outcome)
                                : CompletableFuture.completedFuture(outcome)));
    }

    private static <T> Outcome<T> missing() {
        return Outcome.refused(new Rejection.NotFound("No such entry"));
    }

    private <T> Outcome<T> full() {
        return Outcome.refused(new Rejection.Conflict(
                "too-many-entries", "A knowledge base may have " + settings.mostEntries() + " entries at most"));
    }
}
