package io.kvasir.ingestion.faq;

import io.kvasir.ingestion.source.Found;
import io.kvasir.ingestion.source.Listing;
import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.Read;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.ingestion.source.Visit;
import io.kvasir.jdbc.SubjectKey;
import io.kvasir.jdbc.Transactor;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.japi.Pair;

/**
 * The list of questions of a knowledge base as a source. A question stands above its answer as title and heading, so it
 * counts most where passages are matched, and the answer counts too.
 */
final class FaqKind implements SourceKind {
    static final String NAME = "faq";

    private final Transactor transactor;
    private final Function<Pair<io.kvasir.kernel.Scope, io.kvasir.kernel.SourceId>, CompletionStage<SubjectKey>> keys;

    FaqKind(
            Transactor transactor,
            Function<Pair<io.kvasir.kernel.Scope, io.kvasir.kernel.SourceId>, CompletionStage<SubjectKey>> keys) {
        this.transactor = transactor;
        this.keys = keys;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean interactive() {
        return true;
    }

    @Override
    public String shown(String settings) {
        return settings;
    }

    @Override
    public Visit visit(Opened source) {
        FaqRows rows = new FaqRows(source.scope(), source.await(keys.apply(Pair.create(source.scope(), source.id()))));
        return new Visit() {
            /** Only what changed since, by the version each had when it was read: an edit among thousands is one. */
            @Override
            public void list(Listing listing) {
                Map<String, Long> wanted = source.await(transactor.run(rows::versions));
                Map<String, String> known = new HashMap<>();
                listing.known(item -> known.put(item.key(), item.marks().orElse("")));
                listing.partial();
                wanted.forEach((id, version) -> {
                    if (!Long.toString(version).equals(known.get(id))) {
                        listing.found(id, "");
                    }
                });
                known.keySet().stream().filter(id -> !wanted.containsKey(id)).forEach(listing::gone);
            }

            @Override
            public Read read(Found item) {
                return source.await(transactor.run(c -> rows.find(c, item.key())))
                        .<Read>map(row -> new Read.Content(
                                file(row.entry()), Optional.of(Long.toString(row.version())), List.of(), List.of()))
                        .orElseGet(Read.Gone::new);
            }

            @Override
            public int atOnce() {
                return 2;
            }
        };
    }

    private static Read.File file(FaqEntry entry) {
        String question = entry.question().replaceAll("\\s+", " ");
        return new Read.File(
                question.substring(
                                0,
                                question.offsetByCodePoints(
                                        0, Math.min(80, question.codePointCount(0, question.length()))))
                        + ".md",
                Optional.of("text/markdown"),
                Optional.empty(),
                ("# " + question + "\n\n" + entry.answer() + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
