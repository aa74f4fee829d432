package io.kvasir.bootstrap;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.kvasir.http.Json;
import io.kvasir.jdbc.Transactor;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A copy of everything an embedded server keeps (database with journal, files and wrapped keys; passage index) in one
 * archive, made while it works, with a SHA-256 of each part and of the whole. The master key is not in it: whoever finds
 * the archive can read nothing. The database goes first: an index that is a little newer holds passages no revision shows
 * yet, one that was older would lack some.
 */
final class Backup {
    private static final String MANIFEST = "manifest.json";
    private static final String DATABASE = "kvasir.mv.db";
    private static final String PARTIAL = ".partial";
    private static final DateTimeFormatter NAME =
            DateTimeFormatter.ofPattern("'kvasir-'yyyyMMdd-HHmmss-SSS'.zip'").withZone(ZoneOffset.UTC);

    private final Transactor transactor;
    private final OpenIndexes.Files index;
    private final Path folder;
    private final Clock clock;
    private final Opener opener;
    private final AtomicBoolean running = new AtomicBoolean();

    /** How a file is begun. */
    @FunctionalInterface
    interface Opener {
        OutputStream open(Path file) throws IOException;
    }

    /** @param folder where archives are put; on another disk, if it is to help when this one is lost */
    Backup(Transactor transactor, OpenIndexes.Files index, Path folder, Clock clock) {
        this(transactor, index, folder, clock, file -> Files.newOutputStream(file, StandardOpenOption.CREATE_NEW));
    }

    Backup(Transactor transactor, OpenIndexes.Files index, Path folder, Clock clock, Opener opener) {
        this.transactor = transactor;
        this.index = index;
        this.folder = folder;
        this.clock = clock;
        this.opener = opener;
    }

    /** @param sha256 of the whole archive, which also stands beside it as {@code sha256sum -c} reads it */
    record Made(String name, long bytes, String sha256, Instant madeAt) {}

    /** Another one is being made. */
    static final class Running extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private record Part(String name, long bytes, String sha256) {}

    private record Manifest(int version, Instant madeAt, List<Part> parts) {}

    /** @throws IOException where it can't be written, or read back as it was written; nothing is left behind then */
    Made make() throws IOException {
        if (!running.compareAndSet(false, true)) {
            throw new Running();
        }
        boolean held = false;
        Instant now = clock.instant();
        Path archive = folder.resolve(NAME.format(now));
        Path partial = folder.resolve(archive.getFileName() + PARTIAL);
        Path database = folder.resolve(archive.getFileName() + ".database" + PARTIAL);
        try {
            Files.createDirectories(folder);
            index.hold(true);
            held = true;
            MessageDigest whole = sha256();
            try (OutputStream out = new DigestOutputStream(opener.open(partial), whole);
                    ZipOutputStream zip = new ZipOutputStream(out)) {
                zip.setLevel(Deflater.BEST_SPEED);
                write(zip, database, now);
            }
            try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            verify(partial);
            String sum = HexFormat.of().formatHex(whole.digest());
            Files.writeString(
                    folder.resolve(archive.getFileName() + ".sha256"), sum + "  " + archive.getFileName() + "\n");
            Files.move(partial, archive, StandardCopyOption.ATOMIC_MOVE);
            return new Made(archive.getFileName().toString(), Files.size(archive), sum, now);
        } catch (SQLException e) {
            throw new IOException("the database could not be copied: " + e.getMessage(), e);
        } finally {
            running.set(false);
            if (held) {
                index.hold(false);
            }
            // In a folder that is none there is nothing to tidy up either.
            if (Files.isDirectory(folder)) {
                Files.deleteIfExists(partial);
                Files.deleteIfExists(database);
            }
        }
    }

    private void write(ZipOutputStream zip, Path database, Instant now) throws IOException, SQLException {
        List<Part> parts = new ArrayList<>();
        transactor.now(c -> {
            try (Statement statement = c.createStatement()) {
                return statement.execute("BACKUP TO '" + database.toString().replace("'", "''") + "'");
            }
        });
        try (ZipInputStream in = new ZipInputStream(Files.newInputStream(database))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                parts.add(part(zip, Path.of(entry.getName()).getFileName().toString(), in));
            }
        }
        Files.delete(database);
        index.copy((name, bytes) -> parts.add(part(zip, name, bytes)));
        zip.putNextEntry(new ZipEntry(MANIFEST));
        zip.write(Json.bytes(new Manifest(1, now, parts)));
        zip.closeEntry();
    }

    private static Part part(ZipOutputStream zip, String name, InputStream bytes) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        MessageDigest digest = sha256();
        long size = new DigestInputStream(bytes, digest).transferTo(new FilterOutputStream(zip) {
            @Override
            public void write(byte[] b, int from, int length) throws IOException {
                out.write(b, from, length);
            }
        });
        zip.closeEntry();
        return new Part(name, size, HexFormat.of().formatHex(digest.digest()));
    }

    /**
     * Reads all of an archive and compares it with its checksums. @return how many parts it has
     *
     * @throws IOException saying what is wrong with it
     */
    static int verify(Path archive) throws IOException {
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            Map<String, Part> parts = parts(archive, zip);
            for (Part part : parts.values()) {
                MessageDigest digest = sha256();
                long size;
                try (InputStream in = new DigestInputStream(zip.getInputStream(zip.getEntry(part.name())), digest)) {
                    size = in.transferTo(OutputStream.nullOutputStream());
                }
                if (size != part.bytes()
                        || !HexFormat.of().formatHex(digest.digest()).equals(part.sha256())) {
                    throw new IOException(archive + " is damaged: " + part.name() + " is not what was put in");
                }
            }
            return parts.size();
        } catch (ZipException e) {
            throw new IOException(archive + " is damaged, or no backup: " + e.getMessage(), e);
        }
    }

    private static Map<String, Part> parts(Path archive, ZipFile zip) throws IOException {
        ZipEntry entry = zip.getEntry(MANIFEST);
        if (entry == null) {
            throw new IOException(archive + " is no backup: it has no " + MANIFEST);
        }
        Manifest manifest;
        try (InputStream in = zip.getInputStream(entry)) {
            manifest = Json.MAPPER.readValue(in.readAllBytes(), Manifest.class);
        } catch (JsonProcessingException e) {
            throw new IOException(archive + " is damaged: its " + MANIFEST + " cannot be read", e);
        }
        Map<String, Part> parts = new LinkedHashMap<>();
        for (Part part : manifest.parts()) {
            // Names come from a file: none may lead out of the data directory.
            if (!part.name().equals(DATABASE) && !part.name().matches("(index|spaces/[A-Za-z0-9_-]+)/[A-Za-z0-9_.-]+")
                    || part.name().contains("..")) {
                throw new IOException(archive + " is no backup: it has a part " + part.name());
            }
            if (zip.getEntry(part.name()) == null) {
                throw new IOException(archive + " is damaged: " + part.name() + " is missing");
            }
            parts.put(part.name(), part);
        }
        for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
            String name = all.nextElement().getName();
            if (!name.equals(MANIFEST) && !parts.containsKey(name)) {
                throw new IOException(archive + " is no backup: it has a part " + name + " without a checksum");
            }
        }
        if (!parts.containsKey(DATABASE)) {
            throw new IOException(archive + " is damaged: it has no database");
        }
        return parts;
    }

    /**
     * Puts an archive into a data directory that has no database and no index, after all of it was verified.
     *
     * @throws IOException saying why not; the data directory is as it was then
     */
    static int restore(Path archive, Path dataDir) throws IOException {
        for (String taken : List.of(DATABASE, OpenIndexes.FIRST, OpenIndexes.FURTHER)) {
            if (Files.exists(dataDir.resolve(taken))) {
                throw new IOException(dataDir.resolve(taken) + " is there: move it away first");
            }
        }
        int parts = verify(archive);
        Path half = dataDir.resolve("restore" + PARTIAL);
        delete(half);
        Files.createDirectories(half.resolve(OpenIndexes.FIRST));
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            for (String name : parts(archive, zip).keySet()) {
                try (InputStream in = zip.getInputStream(zip.getEntry(name))) {
                    Files.createDirectories(half.resolve(name).getParent());
                    Files.copy(in, half.resolve(name));
                }
            }
            for (String part : List.of(OpenIndexes.FURTHER, OpenIndexes.FIRST, DATABASE)) {
                if (Files.exists(half.resolve(part))) {
                    Files.move(half.resolve(part), dataDir.resolve(part), StandardCopyOption.ATOMIC_MOVE);
                }
            }
        } finally {
            delete(half);
        }
        return parts;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (var all = Files.walk(folder)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
