package io.kvasir.privacy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Files as one zip, byte by byte as they come: never is a whole file in memory. */
public final class Zip {
    private Zip() {}

    /** @param path in the zip, with slashes; unique */
    public record File(String path, Source<ByteString, ?> bytes) {
        public static File of(String path, byte[] bytes) {
            return new File(path, Source.single(ByteString.fromArray(bytes)));
        }
    }

    private sealed interface Step {
        record Begin(String path) implements Step {}

        record Bytes(ByteString bytes) implements Step {}

        record End() implements Step {}
    }

    public static Source<ByteString, NotUsed> of(Source<File, NotUsed> files) {
        return files.flatMapConcat(file -> Source.<Step>single(new Step.Begin(file.path()))
                        .concat(file.bytes().<Step>map(Step.Bytes::new))
                        .concat(Source.single(new Step.End())))
                .statefulMap(Writer::new, Writer::take, Writer::finish)
                .filter(bytes -> !bytes.isEmpty());
    }

    private static final class Writer {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final ZipOutputStream zip = new ZipOutputStream(written, StandardCharsets.UTF_8);

        Pair<Writer, ByteString> take(Step step) {
            try {
                switch (step) {
                    case Step.Begin(String path) -> zip.putNextEntry(new ZipEntry(path));
                    case Step.Bytes(ByteString bytes) -> zip.write(bytes.toArray());
                    case Step.End() -> zip.closeEntry();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Pair.create(this, taken());
        }

        Optional<ByteString> finish() {
            try {
                zip.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return Optional.of(taken());
        }

        private ByteString taken() {
            ByteString bytes = ByteString.fromArray(written.toByteArray());
            written.reset();
            return bytes;
        }
    }
}
