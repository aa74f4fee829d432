package io.kvasir.knowledgebase;

import static io.kvasir.knowledgebase.KnowledgeBaseRoutes.scope;
import static org.apache.pekko.http.javadsl.server.Directives.entity;
import static org.apache.pekko.http.javadsl.server.Directives.extractMaterializer;
import static org.apache.pekko.http.javadsl.server.Directives.mapResponse;
import static org.apache.pekko.http.javadsl.server.Directives.optionalHeaderValueByName;
import static org.apache.pekko.http.javadsl.server.Directives.withSizeLimit;
import static org.apache.pekko.http.javadsl.server.Directives.withoutRequestTimeout;

import io.kvasir.http.Access;
import io.kvasir.http.Call;
import io.kvasir.http.Endpoint;
import io.kvasir.http.Idempotent;
import io.kvasir.http.Json;
import io.kvasir.http.Page;
import io.kvasir.http.Problems;
import io.kvasir.http.Sse;
import io.kvasir.jdbc.BlobStore;
import io.kvasir.kernel.Ids;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Rejection.FieldError;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaType;
import org.apache.pekko.http.javadsl.model.Multipart;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.http.javadsl.unmarshalling.Unmarshaller;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Documents and their jobs, below one knowledge base. */
final class DocumentRoutes {
    /** Characters. Far more than any has that is in use; it goes wherever its document goes. */
    private static final int LONGEST_MEDIA_TYPE = 200;

    private final KnowledgeBases knowledgeBases;
    private final Idempotent idempotent;
    private final JobStream stream;
    private final Function<Scope, Source<ByteString, NotUsed>> sources;

    DocumentRoutes(
            KnowledgeBases knowledgeBases,
            Idempotent idempotent,
            Function<Scope, Source<ByteString, NotUsed>> sources) {
        this.knowledgeBases = knowledgeBases;
        this.idempotent = idempotent;
        this.sources = sources;
        this.stream = new JobStream(knowledgeBases::news, knowledgeBases::rendered);
    }

    private record Jobs(List<Views.JobView> jobs) {}

    /** @param base path of one knowledge base */
    List<Endpoint> endpoints(String base) {
        String documents = base + "/documents";
        String document = documents + "/{documentId}";
        String job = base + "/jobs/{jobId}";
        return List.of(
                Endpoint.get(
                                documents,
                                Access.READ,
                                call -> Page.requested(
                                        page -> Problems.answer(knowledgeBases.documents(scope(call), page), Json::ok)))
                        .says("List documents")
                        .givesPage(Views.Doc.class),
                Endpoint.post(
                                documents,
                                Access.MANAGE,
                                call -> idempotent.once(call.caller(), id -> upload(scope(call), id)))
                        .says("Upload documents")
                        .takesFiles()
                        .gives(202, Jobs.class)
                        .heedsKey(),
                Endpoint.get(
                                document,
                                Access.READ,
                                call -> Problems.answer(knowledgeBases.document(scope(call), source(call)), Json::ok))
                        .says("Read a document's state")
                        .gives(200, Views.Doc.class),
                Endpoint.put(document, Access.MANAGE, call -> replace(scope(call), source(call)))
                        .says("Replace a document; the old stays searchable until the new is indexed")
                        .takesFiles()
                        .gives(202, Views.JobView.class),
                Endpoint.delete(
                                document,
                                Access.MANAGE,
                                call -> Problems.answer(
                                        knowledgeBases.remove(scope(call), source(call)), _ -> Problems.noContent()))
                        .says("Delete a document")
                        .givesNothing(),
                Endpoint.post(
                                document + "/retry",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        knowledgeBases.retry(scope(call), source(call)),
                                        doc -> Json.response(StatusCodes.ACCEPTED, doc.job())))
                        .says("Try a failed document again")
                        .gives(202, Views.JobView.class),
                Endpoint.get(
                                document + "/content",
                                Access.READ,
                                call -> Problems.answer(
                                        knowledgeBases.content(scope(call), source(call)), DocumentRoutes::attachment))
                        .says("Download the file as it was uploaded")
                        .givesMedia(200, "application/octet-stream"),
                Endpoint.get(
                                document + "/text",
                                Access.READ,
                                call -> Problems.answer(
                                        knowledgeBases.text(scope(call), source(call)), DocumentRoutes::plainText))
                        .says("Read the text that citations point into")
                        .givesMedia(200, "text/plain"),
                Endpoint.get(
                                base + "/jobs",
                                Access.READ,
                                call -> Page.requested(
                                        page -> Problems.answer(knowledgeBases.jobs(scope(call), page), Json::ok)))
                        .says("List jobs")
                        .givesPage(Views.JobView.class),
                Endpoint.get(
                                job,
                                Access.READ,
                                call -> Problems.answer(
                                        knowledgeBases.job(scope(call), new JobId(call.id("jobId"))), Json::ok))
                        .says("Read a job")
                        .gives(200, Views.JobView.class),
                Endpoint.post(
                                job + "/cancel",
                                Access.MANAGE,
                                call -> Problems.answer(
                                        knowledgeBases.cancel(scope(call), new JobId(call.id("jobId"))), Json::ok))
                        .says("Cancel a job")
                        .gives(200, Views.JobView.class),
                Endpoint.get(
                                base + "/events",
                                Access.READ,
                                call -> optionalHeaderValueByName(
                                        "Last-Event-ID",
                                        last -> Problems.answer(
                                                knowledgeBases.read(scope(call)),
                                                _ -> Sse.response(news(scope(call), last)))))
                        .says("Stream the news of jobs and sources (server-sent events; Last-Event-ID)")
                        .givesMedia(200, "text/event-stream"));
    }

    /** Ends with the news of jobs: there are none any more once the knowledge base is deleted. */
    private Source<ByteString, NotUsed> news(Scope scope, Optional<String> last) {
        return stream.from(scope, last).mergePreferred(sources.apply(scope), false, true);
    }

    private static SourceId source(Call call) {
        return new SourceId(call.id("documentId"));
    }

    private static HttpResponse plainText(Source<ByteString, ?> text) {
        return HttpResponse.create()
                .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
                .withEntity(HttpEntities.createChunked(ContentTypes.TEXT_PLAIN_UTF8, text));
    }

    /** @param id of the first document, from which those of the others follow */
    private Route upload(Scope scope, String id) {
        return files(files -> {
            AtomicBoolean some = new AtomicBoolean();
            return mapResponse(
                    response -> some.get() ? Idempotent.partlyDone(response) : response,
                    () -> Problems.answer(
                            all(
                                    files,
                                    (n, upload) -> knowledgeBases
                                            .added(scope, new SourceId(Ids.nth(id, n)), upload)
                                            .thenApply(outcome -> {
                                                if (outcome instanceof Outcome.Done<Views.Doc>) {
                                                    some.set(true);
                                                }
                                                return outcome;
                                            })),
                            docs -> Json.response(
                                    StatusCodes.ACCEPTED,
                                    new Jobs(docs.stream().map(Views.Doc::job).toList()))));
        });
    }

    private Route replace(Scope scope, SourceId document) {
        return files(files -> Problems.answer(
                all(files, (_, upload) -> knowledgeBases.replace(scope, document, upload)),
                docs -> Json.response(StatusCodes.ACCEPTED, docs.getLast().job())));
    }

    /** Takes the nth file, from 0. */
    @FunctionalInterface
    private interface Take {
        CompletionStage<Outcome<Views.Doc>> apply(long n, KnowledgeBases.Upload upload);
    }

    private record Files(Multipart.FormData form, Materializer materializer) {}

    private Route files(Function<Files, Route> inner) {
        long most = knowledgeBases.settings().largestFile()
                * knowledgeBases.settings().filesAtOnce();
        return withoutRequestTimeout(() -> withSizeLimit(
                most,
                () -> extractMaterializer(materializer -> entity(
                        Unmarshaller.entityToMultipartFormData(),
                        form -> inner.apply(new Files(form, materializer))))));
    }

    /** One after the other, as they arrive: nothing of a file is kept in memory, and the sender waits for the store. */
    private CompletionStage<Outcome<List<Views.Doc>>> all(Files files, Take take) {
        int most = knowledgeBases.settings().filesAtOnce();
        return files.form()
                .getParts()
                .map(part -> (Multipart.FormData.BodyPart) part)
                .zipWithIndex()
                .mapAsync(1, numbered -> {
                    Multipart.FormData.BodyPart part = numbered.first();
                    if (!part.getName().equals("file")) {
                        part.getEntity().discardBytes(files.materializer());
                        return CompletableFuture.completedFuture(Outcome.<Views.Doc>refused(Rejection.Invalid.field(
                                "/" + part.getName(), "unknown field; files go into the field file")));
                    }
                    if (numbered.second() >= most) {
                        part.getEntity().discardBytes(files.materializer());
                        return CompletableFuture.completedFuture(Outcome.<Views.Doc>refused(
                                new Rejection.TooLarge("At most " + most + " files at once")));
                    }
                    return take.apply(numbered.second(), upload(part))
                            // One that nobody read stands before the next.
                            .whenComplete((_, _) -> part.getEntity().discardBytes(files.materializer()))
                            .toCompletableFuture();
                })
                .runWith(Sink.seq(), files.materializer())
                .handle((outcomes, fault) -> fault == null ? gathered(outcomes) : broken(fault));
    }

    private static KnowledgeBases.Upload upload(Multipart.FormData.BodyPart part) {
        return new KnowledgeBases.Upload(
                FileName.of(part.getFilename().orElse("")),
                Optional.of(mediaType(part.getEntity().getContentType().mediaType())),
                part.getEntity().getDataBytes());
    }

    /** Without parameters: nobody asks for them, since a file is read as its bytes tell, whatever it is called. */
    private static String mediaType(MediaType said) {
        String type = said.mainType() + "/" + said.subType();
        return type.length() <= LONGEST_MEDIA_TYPE ? type : "application/octet-stream";
    }

    private static Outcome<List<Views.Doc>> gathered(List<Outcome<Views.Doc>> outcomes) {
        List<Views.Doc> docs = new ArrayList<>();
        for (Outcome<Views.Doc> outcome : outcomes) {
            switch (outcome) {
                case Outcome.Done<Views.Doc>(Views.Doc doc) -> docs.add(doc);
                case Outcome.Refused<Views.Doc>(Rejection reason) -> {
                    return Outcome.refused(reason);
                }
            }
        }
        return docs.isEmpty()
                ? Outcome.refused(new Rejection.Invalid(
                        "The request has invalid fields",
                        List.of(new FieldError("/file", "send at least one file in the field file"))))
                : Outcome.done(docs);
    }

    private static Outcome<List<Views.Doc>> broken(Throwable fault) {
        Throwable cause = fault;
        while ((cause instanceof CompletionException || cause instanceof java.io.IOException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof BlobStore.TooLarge tooLarge) {
            return Outcome.refused(new Rejection.TooLarge("The file is " + tooLarge.getMessage()));
        }
        if (cause instanceof org.apache.pekko.http.scaladsl.model.ExceptionWithErrorInfo
                || cause instanceof org.apache.pekko.http.impl.engine.parsing.ParsingException) {
            return Outcome.refused(
                    new Rejection.Invalid("The upload is not well-formed multipart/form-data", List.of()));
        }
        throw cause instanceof RuntimeException e ? e : new CompletionException(cause);
    }

    /** Never shown by a browser, whatever it holds: saved, under its own name (RFC 6266). */
    private static HttpResponse attachment(KnowledgeBases.Content content) {
        StringBuilder ascii = new StringBuilder();
        content.name()
                .chars()
                .forEach(c -> ascii.append(c >= ' ' && c < 127 && c != '"' && c != '\\' ? (char) c : '_'));
        StringBuilder encoded = new StringBuilder();
        for (byte b : content.name().getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xFF);
            encoded.append(
                    Character.isLetterOrDigit(c) && c < 128 || c == '.' || c == '-' || c == '_'
                            ? String.valueOf(c)
                            : String.format("%%%02X", (int) c));
        }
        return HttpResponse.create()
                .addHeader(RawHeader.create(
                        "Content-Disposition", "attachment; filename=\"" + ascii + "\"; filename*=UTF-8''" + encoded))
                .addHeader(RawHeader.create("X-Content-Type-Options", "nosniff"))
                .addHeader(RawHeader.create("Content-Security-Policy", "default-src 'none'; sandbox"))
                .withEntity(
                        HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, content.size(), content.bytes()));
    }
}
