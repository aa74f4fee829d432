package io.kvasir.knowledgebase.domain;

import io.kvasir.kernel.BlobId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import java.util.Optional;

/**
 * One document. Its texts are sealed under its own key.
 *
 * @param file as uploaded
 * @param version the newest, wanted one
 * @param fileVersion the version whose upload brought the bytes: re-indexing makes versions without new bytes
 * @param published the version searches find; 0 for none
 * @param read what the newest ingestion found
 * @param job the newest
 */
public record Document(
        SourceId id, File file, long version, long fileVersion, long published, Optional<Read> read, Job job) {
    /**
     * @param mediaType as the sender said, without parameters
     * @param size bytes
     * @param sha256 of the bytes
     * @param blob where they are kept, a name no upload for another version has; empty for those named after their
     *     version, as all were before
     */
    public record File(Sealed name, Optional<String> mediaType, long size, String sha256, Optional<BlobId> blob) {}

    /** @param characters of its text, UTF-16 units */
    public record Read(Sealed title, String mediaType, String language, int passages, long characters) {}

    /** Where the bytes of its file are kept. */
    public BlobId blob() {
        return file.blob().orElseGet(() -> new BlobId(id.value() + "-" + fileVersion));
    }

    public Version wanted() {
        return new Version(id, version);
    }

    Document with(Job next) {
        return new Document(id, file, version, fileVersion, published, read, next);
    }

    Document with(Read found, Job next) {
        return new Document(id, file, version, fileVersion, published, Optional.of(found), next);
    }

    Document next(long number, Optional<File> upload, Job first) {
        return new Document(
                id, upload.orElse(file), number, upload.isPresent() ? number : fileVersion, published, read, first);
    }

    Document published(long number, Job done) {
        return new Document(id, file, version, fileVersion, number, read, done);
    }
}
