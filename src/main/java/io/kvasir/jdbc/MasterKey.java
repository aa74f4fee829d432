package io.kvasir.jdbc;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/** The key that wraps all others; kept outside the database. 32 bytes, AES-256. */
public final class MasterKey {
    private final byte[] bytes;

    private MasterKey(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * The configured key (32 bytes in base64), or the one in the file, which is made on first use and readable by its
     * owner alone.
     *
     * @throws IllegalArgumentException where the configured key is not 32 bytes in base64
     */
    public static MasterKey load(Optional<String> configured, Path file) throws IOException {
        if (configured.isPresent()) {
            return of(configured.get(), "KVASIR_MASTER_KEY");
        }
        if (!Files.exists(file)) {
            byte[] fresh = new byte[32];
            new SecureRandom().nextBytes(fresh);
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Path half = file.resolveSibling(file.getFileName() + ".new");
            Files.deleteIfExists(half);
            Files.createFile(half, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(half, Base64.getEncoder().encodeToString(fresh), StandardOpenOption.SYNC);
            try {
                Files.move(half, file);
            } catch (FileAlreadyExistsException other) {
                Files.delete(half);
            }
        }
        return of(Files.readString(file).strip(), file.toString());
    }

    private static MasterKey of(String base64, String where) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(where + " must hold 32 bytes in base64");
        }
        if (bytes.length != 32) {
            throw new IllegalArgumentException(where + " must hold 32 bytes in base64");
        }
        return new MasterKey(bytes);
    }

    byte[] wrap(String subject, byte[] key) {
        return new SubjectKey("key/" + subject, bytes).encrypt(key, "");
    }

    byte[] unwrap(String subject, byte[] wrapped) {
        return new SubjectKey("key/" + subject, bytes).decrypt(wrapped, "");
    }
}
