package io.kvasir.answering;

import io.kvasir.answering.AnswerEvent.Citation;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.llm.ChatModel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives an answer somebody prepared for exactly this question, at once and without a model; all others go on. */
public final class PreparedAnswers implements Answers {
    private static final Logger LOG = LoggerFactory.getLogger(PreparedAnswers.class);
    private static final Pattern MARK = Pattern.compile("\\[(\\d+)]");

    /** Finds what was prepared. */
    @FunctionalInterface
    public interface Prepare {
        CompletionStage<Optional<Prepared>> apply(Scope scope, String question);
    }

    /** @param title of what is cited: the question as it was prepared */
    public record Prepared(SourceId source, PassageId passage, String title, String answer) {}

    private final Prepare prepare;
    private final Answers others;
    private final int snippetLength;

    public PreparedAnswers(Prepare prepare, Answers others, AnsweringSettings settings) {
        this.prepare = prepare;
        this.others = others;
        this.snippetLength = settings.snippetLength();
    }

    @Override
    public Source<AnswerEvent, NotUsed> answer(Question question) {
        return Source.lazySource(() -> {
                    Stopwatch since = new Stopwatch();
                    return Source.completionStageSource(prepare.apply(question.scope(), question.text())
                            .exceptionally(fault -> {
                                LOG.warn("prepared answers could not be looked up", fault);
                                return Optional.empty();
                            })
                            .thenApply(found -> found.map(prepared -> said(prepared, since))
                                    .orElseGet(() -> others.answer(question))));
                })
                .mapMaterializedValue(_ -> NotUsed.getInstance());
    }

    /** Most are not prepared: the others begin. */
    @Override
    public void expect(Question question) {
        others.expect(question);
    }

    private Source<AnswerEvent, NotUsed> said(Prepared prepared, Stopwatch since) {
        double found = since.ms();
        // Brackets of the owner's own would look like citations nobody announced.
        String text = MARK.matcher(prepared.answer()).replaceAll("($1)");
        return Source.from(List.of(
                new AnswerEvent.Retrieved(
                        List.of(new Citation(
                                1,
                                prepared.passage(),
                                prepared.source(),
                                prepared.title(),
                                Optional.empty(),
                                Optional.empty(),
                                text.length() <= snippetLength
                                        ? text
                                        : text.substring(
                                                        0,
                                                        Character.isHighSurrogate(text.charAt(snippetLength - 1))
                                                                ? snippetLength - 1
                                                                : snippetLength)
                                                + "…",
                                1.0)),
                        found,
                        0),
                new AnswerEvent.Text(text + " [1]"),
                new AnswerEvent.Finished(
                        ChatModel.FinishReason.STOP,
                        List.of(1),
                        new ChatModel.Usage("prepared", "prepared", 0, 0, 0),
                        new AnswerEvent.Timings(found, since.ms(), since.ms()))));
    }
}
