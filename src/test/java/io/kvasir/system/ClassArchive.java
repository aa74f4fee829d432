package io.kvasir.system;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The server's loaded classes as a file, for tests that start it in a JVM of its own: such a start takes less than half
 * of the processor's time. It lies beside the compiled tests and is made once for all JVMs that test the same classes,
 * at the same time or later. The JVM archives classes of jars only, so folders of the class path become jars first.
 */
final class ClassArchive {
    private static final String ARCHIVE = "server.jsa";

    private static List<String> options = List.of();

    private ClassArchive() {}

    /** Options that start the server with the archive, which one start and stop writes where there is none yet. */
    static synchronized List<String> options() throws IOException {
        if (options.isEmpty()) {
            options = of(all());
        }
        return options;
    }

    private static List<String> of(List<Path> entries) throws IOException {
        Path home = Files.createDirectories(here().resolveSibling("server-classes"));
        Path folder = home.resolve(fingerprint(entries));
        String classPath = entries.stream()
                .map(entry -> Files.isDirectory(entry) ? jarOf(entry, folder) : entry)
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
        Path archive = folder.resolve(ARCHIVE);
        // Another JVM that wants it too waits here.
        try (FileChannel gate =
                        FileChannel.open(home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = gate.lock()) {
            if (!Files.exists(archive)) {
                for (Path old : listed(home).filter(Files::isDirectory).toList()) {
                    delete(old);
                }
                Files.createDirectories(folder);
                for (Path entry : entries.stream().filter(Files::isDirectory).toList()) {
                    jar(entry, jarOf(entry, folder));
                }
                write(classPath, folder, archive);
            }
        }
        return List.of("-cp", classPath, "-XX:SharedArchiveFile=" + archive, "-Xlog:cds=off", "-Xlog:aot=off");
    }

    private static void write(String classPath, Path folder, Path archive) throws IOException {
        // Only whole ones get the name.
        Path fresh = folder.resolve("fresh.jsa");
        Path trial = folder.resolve("trial");
        try (ServerProcess server = ServerProcess.startAsIs(
                        trial,
                        Map.of(),
                        List.of(
                                ServerProcess.QUICK,
                                "-cp",
                                classPath,
                                "-XX:ArchiveClassesAtExit=" + fresh,
                                "-Xlog:cds=off",
                                "-Xlog:aot=off"));
                Api api = Api.owner(server)) {
            api.get("/api/v1/knowledge-bases").expect(200);
            server.stop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("no archive was written", e);
        }
        if (!Files.exists(fresh)) {
            throw new AssertionError("no archive was written, see " + folder.resolve("trial.log"));
        }
        delete(trial);
        Files.move(fresh, archive);
    }

    private static List<Path> all() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::exists)
                .toList();
    }

    /** Where the tests were compiled to. */
    private static Path here() {
        return Path.of(java.net.URI.create(ClassArchive.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
    }

    /** Of all files of a class path, by their names, sizes and times, and of the JVM. */
    private static String fingerprint(List<Path> entries) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            StringBuilder text = new StringBuilder(Runtime.version().toString());
            for (Path entry : entries) {
                try (Stream<Path> files = Files.walk(entry)) {
                    for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                        text.append('\n')
                                .append(file)
                                .append(' ')
                                .append(Files.size(file))
                                .append(' ')
                                .append(Files.getLastModifiedTime(file).toMillis());
                    }
                }
            }
            byte[] all = digest.digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(all, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Stream<Path> listed(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.toList().stream();
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static Path jarOf(Path classes, Path folder) {
        return folder.resolve(classes.getParent().getFileName() + "-" + classes.getFileName() + ".jar");
    }

    private static void jar(Path classes, Path jar) {
        try (Stream<Path> files = Files.walk(classes);
                OutputStream file = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(file)) {
            zip.setLevel(0);
            for (Path each : files.filter(f -> !f.equals(classes)).toList()) {
                String name = classes.relativize(each).toString().replace(File.separatorChar, '/');
                // Migrations are found by their folders.
                zip.putNextEntry(new ZipEntry(Files.isDirectory(each) ? name + "/" : name));
                if (Files.isRegularFile(each)) {
                    Files.copy(each, zip);
                }
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
