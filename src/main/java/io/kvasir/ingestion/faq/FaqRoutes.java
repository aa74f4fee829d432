package io.kvasir.ingestion.faq;

import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.withSizeLimit;

import com.fasterxml.jackson.databind.JsonNode;
import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.Multipart;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.StreamLimitReachedException;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** {@code …/{kbId}/knowledge}: the questions of a knowledge base. */
public final class FaqRoutes {
    private static final String BASE = "/api/v1/knowledge-bases/{kbId}";
    private static final String ALL = BASE + "/knowledge";
    private static final String ONE = ALL + "/{entryId}";

    private final Faq faq;
    private final Idempotent idempotent;

    public FaqRoutes(Faq faq, Idempotent idempotent) {
        this.faq = faq;
        this.idempotent = idempotent;
    }

    /** An entry as its owner wants it; of one that is there, what is left out stays. @param after the id it comes behind, empty for the first place */
    private record Body(
            @Nullable String question,
            @Nullable String answer,
            @Nullable JsonNode metadata,
            @Nullable String language,
            @Nullable String after) {
        FaqDraft whole() {
            return new FaqDraft(
                            question == null ? "" : question,
                            answer == null ? "" : answer,
                            Optional.ofNullable(metadata).filter(json -> !json.isNull()),
                            Optional.ofNullable(language))
                    .checked();
        }

        FaqDraft over(FaqEntry entry) {
            return new FaqDraft(
                    question == null ? entry.question() : question,
                    answer == null ? entry.answer() : answer,
                    metadata == null ? entry.metadata() : Optional.of(metadata).filter(json -> !json.isNull()),
                    language == null ? entry.language() : Optional.of(language));
        }
    }

    public List<Endpoint> endpoints() {
        return List.of(
                Endpoint.get(
                                ALL,
                                Access.READ,
                                call -> Page.requested(page -> Problems.answer(faq.list(scope(call), page), Json::ok)))
                        .says("List questions with their answers, in their order")
                        .givesPage(FaqEntry.class),
                Endpoint.post(
                                ALL,
                                Access.MANAGE,
                                call -> idempotent.once(
                                        call.caller(),
                                        id -> entity(
                                                Json.body(Body.class),
                                                body -> Problems.answer(
                                                        faq.add(scope(call), id, body.whole()), Json::created))))
                        .says("Add a question with its answer")
                        .takes(Body.class)
                        .gives(201, FaqEntry.class)
                        .heedsKey(),
                Endpoint.post(
                                ALL + "/import",
                                Access.MANAGE,
                                call -> idempotent.once(
                                        call.caller(), () -> file(bytes -> faq.take(scope(call), bytes))))
                        .says(
                                "Import a CSV file with the columns question, answer, language, metadata: all lines or none")
                        .takesFiles()
                        .gives(200, Faq.Imported.class)
                        .heedsKey(),
                Endpoint.get(
                                ALL + "/export",
                                Access.READ,
                                call -> Problems.answer(faq.give(scope(call)), FaqRoutes::csv))
                        .says("Export all as CSV")
                        .givesMedia(200, "text/csv"),
                Endpoint.get(ONE, Access.READ, call -> Problems.answer(faq.one(scope(call), entry(call)), Json::ok))
                        .says("Read a question with its answer")
                        .gives(200, FaqEntry.class),
                Endpoint.put(
                                ONE,
                                Access.MANAGE,
                                call -> entity(
                                        Json.body(Body.class),
                                        body -> Problems.answer(
                                                faq.change(
                                                        scope(call),
                                                        entry(call),
                                                        body::over,
                                                        Optional.ofNullable(body.after())),
                                                Json::ok)))
                        .says("Change or move a question with its answer; what is left out stays")
                        .takes(Body.class)
                        .gives(200, FaqEntry.class),
                Endpoint.delete(
                                ONE,
                                Access.MANAGE,
                                call -> Problems.answer(
                                        faq.remove(scope(call), entry(call)), _ -> Problems.noContent()))
                        .says("Delete a question with its answer")
                        .givesNothing(),
                Endpoint.get(
                                BASE + "/faq-config",
                                Access.READ,
                                call -> Problems.answer(faq.config(scope(call)), Json::ok))
                        .says("Read how questions are answered")
                        .gives(200, Faq.Config.class),
                Endpoint.put(
                                BASE + "/faq-config",
                                Access.MANAGE,
                                call -> entity(
                                        Json.body(Faq.Config.class),
                                        body -> Problems.answer(faq.configure(scope(call), body), Json::ok)))
                        .says(
                                "Choose whether a question that is asked word for word is answered at once, without a model")
                        .takes(Faq.Config.class)
                        .gives(200, Faq.Config.class));
    }

    private static Scope scope(Call call) {
        return new Scope(call.caller().tenant(), new KnowledgeBaseId(call.id("kbId")));
    }

    private static String entry(Call call) {
        return call.id("entryId");
    }

    private static HttpResponse csv(Source<ByteString, NotUsed> lines) {
        return HttpResponse.create()
                .addHeader(RawHeader.create("Content-Disposition", "attachment; filename=\"faq.csv\""))
                .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
                .withEntity(HttpEntities.createChunked(
                        ContentTypes.create(MediaTypes.TEXT_CSV, HttpCharsets.UTF_8), lines));
    }

    @FunctionalInterface
    private interface Take {
        CompletionStage<Outcome<Faq.Imported>> apply(byte[] bytes);
    }

    private Route file(Take take) {
        long most = faq.settings().largestImport();
        return withSizeLimit(
                most + 10_000,
                () -> extractMaterializer(materializer -> entity(
                        Unmarshaller.entityToMultipartFormData(),
                        form -> Problems.answer(
                                bytes(form, most, materializer).thenCompose(read -> read.then(take::apply)),
                                Json::ok))));
    }

    private static boolean tooLarge(Throwable fault) {
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof StreamLimitReachedException || cause instanceof EntityStreamSizeException) {
                return true;
            }
        }
        return false;
    }

    private static CompletionStage<Outcome<byte[]>> bytes(
            Multipart.FormData form, long most, Materializer materializer) {
        return form.getParts()
                .map(part -> (Multipart.FormData.BodyPart) part)
                .mapAsync(1, part -> {
                    if (!part.getName().equals("file")) {
                        part.getEntity().discardBytes(materializer);
                        return CompletableFuture.completedFuture(Optional.<ByteString>empty());
                    }
                    return part.getEntity()
                            .getDataBytes()
                            .limitWeighted(most, bytes -> (long) bytes.size())
                            .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
                            .thenApply(Optional::of)
                            .toCompletableFuture();
                })
                .runWith(Sink.seq(), materializer)
                .handle((files, fault) -> {
                    if (fault != null) {
                        return tooLarge(fault)
                                ? Outcome.<byte[]>refused(
                                        new Rejection.TooLarge("The file is larger than " + most + " bytes"))
                                : Outcome.<byte[]>refused(new Rejection.Invalid(
                                        "The upload is not well-formed multipart/form-data", List.of()));
                    }
                    List<ByteString> named =
                            files.stream().flatMap(Optional::stream).toList();
                    return named.size() == 1
                            ? Outcome.done(named.getFirst().toArray())
                            : Outcome.<byte[]>refused(
                                    Rejection.Invalid.field("/file", "send one file in the field file"));
                });
    }
}
