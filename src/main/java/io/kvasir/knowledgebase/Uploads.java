package io.kvasir.knowledgebase;

import io.kvasir.jdbc.BlobStore;
import io.kvasir.jdbc.SubjectKeys;
import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Outcome;
import io.kvasir.kernel.Rejection;
import io.kvasir.kernel.Scope;
import io.kvasir.kernel.SourceId;
import io.kvasir.knowledgebase.domain.Document;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** The bytes of documents: how they come in before the knowledge base hears of them, and how they are given back. */
final class Uploads {
    private final BlobStore blobs;
    private final SubjectKeys keys;
    private final Room room;
    private final long largest;

    /** @param largest most bytes of one file */
    Uploads(BlobStore blobs, SubjectKeys keys, Room room, long largest) {
        this.blobs = blobs;
        this.keys = keys;
        this.room = room;
        this.largest = largest;
    }

    /**
     * Stores a file, then tells; where that is refused, the file goes again.
     *
     * @param id under which it is kept
     * @param place in which its bytes are counted until the knowledge base has said what it holds
     * @param told hears of the file once it is durable
     */
    <T> CompletionStage<Outcome<T>> stored(
            Scope scope,
            SourceId document,
            BlobId id,
            String place,
            KnowledgeBases.Upload upload,
            Function<Document.File, CompletionStage<Outcome<T>>> told) {
        String subject = Sources.subject(scope, document);
        return blobs.write(scope, id, subject, upload.bytes(), largest)
                .thenCompose(blob -> keys.obtain(subject)
                        .thenApply(key -> new Document.File(
                                key.seal(upload.name()),
                                upload.mediaType(),
                                blob.size(),
                                blob.sha256(),
                                Optional.of(id))))
                .thenCompose(
                        file -> Room.taking(room.forDocuments(scope, place, 0, file.size()), () -> told.apply(file)))
                .thenCompose(outcome -> switch (outcome) {
                    case Outcome.Done<T> done -> java.util.concurrent.CompletableFuture.completedFuture(done);
                    case Outcome.Refused<T> refused -> blobs.delete(scope, id).<Outcome<T>>thenApply(_ -> refused);
                });
    }

    Source<ByteString, NotUsed> file(Scope scope, Document document) {
        return blobs.read(scope, document.blob());
    }

    /** The text that was read from what searches find of it. */
    Outcome<Source<ByteString, NotUsed>> text(Scope scope, Document document) {
        return Optional.of(document)
                .filter(d -> d.published() > 0)
                .map(d -> Outcome.<Source<ByteString, NotUsed>>done(
                        blobs.read(scope, Sources.text(d.id(), d.published()))))
                .orElseGet(
                        () -> Outcome.refused(new Rejection.NotFound("No text has been read from this document yet")));
    }
}
