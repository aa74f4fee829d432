package io.kvasir.ingestion.document;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Blocks on their way from the parser's process to ours, one after another in a file: level (a byte), page (an int, 0 for
 * none), length in bytes (an int), text as UTF-8. Neither side ever holds more than one.
 */
final class BlockFile {
    /** Longest text of one block, UTF-16 units. */
    static final int LONGEST = 1_000_000;

    private BlockFile() {}

    static final class Writer implements BlockSink, AutoCloseable {
        private final DataOutputStream out;

        Writer(Path file) throws IOException {
            this.out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 64 * 1024));
        }

        @Override
        public void take(Block block) throws IOException {
            byte[] text = CanonicalText.sound(block.text()).getBytes(StandardCharsets.UTF_8);
            out.writeByte(block.level());
            out.writeInt(block.page().orElse(0));
            out.writeInt(text.length);
            out.write(text);
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }

    /** @throws Unreadable where the file is not what a sound parser writes */
    static void read(Path file, BlockSink sink) throws IOException, Unreadable {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), 64 * 1024))) {
            for (int level = in.read(); level >= 0; level = in.read()) {
                int page = in.readInt();
                int length = in.readInt();
                if (level > 9 || page < 0 || length < 0 || length > 3 * LONGEST) {
                    throw new Unreadable("corrupt", "The file made its parser fail");
                }
                sink.take(new Block(
                        level,
                        new String(in.readNBytes(length), StandardCharsets.UTF_8),
                        page == 0 ? Optional.empty() : Optional.of(page)));
            }
        }
    }
}
