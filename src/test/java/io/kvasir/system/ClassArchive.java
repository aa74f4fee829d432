package io.kvasir.system;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The server's loaded classes as a file, made once for all tests of a JVM that start it in one of its own: such a start
 * takes less than half of the processor's time. The JVM archives classes of jars only, so folders of the class path
 * become jars first.
 */
final class ClassArchive {
    private static List<String> options = List.of();

    private ClassArchive() {}

    /** Options that start the server with the archive, which one start and stop writes at the first call. */
    static synchronized List<String> options() throws IOException {
        if (options.isEmpty()) {
            Path folder = Files.createTempDirectory("kvasir-classes");
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> delete(folder)));
            options = written(folder);
        }
        return options;
    }

    private static List<String> written(Path folder) throws IOException {
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::exists)
                .map(entry -> Files.isDirectory(entry) ? jar(entry, folder) : entry)
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
        Path archive = folder.resolve("server.jsa");
        try (ServerProcess server = ServerProcess.startAsIs(
                        folder.resolve("trial"),
                        Map.of(),
                        List.of(
                                "-cp",
                                classPath,
                                "-XX:ArchiveClassesAtExit=" + archive,
                                "-Xlog:cds=off",
                                "-Xlog:aot=off"));
                Api api = Api.owner(server)) {
            api.get("/api/v1/knowledge-bases").expect(200);
            server.stop();
        } catch (InterruptedException e) {
            throw new IOException("no archive was written", e);
        }
        if (!Files.exists(archive)) {
            throw new AssertionError("no archive was written, see " + folder.resolve("trial.log"));
        }
        return List.of("-cp", classPath, "-XX:SharedArchiveFile=" + archive, "-Xlog:cds=off", "-Xlog:aot=off");
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException left) {
            // The system empties its temporary folder some day.
            System.err.println(folder + " could not be removed: " + left);
        }
    }

    private static Path jar(Path classes, Path folder) {
        Path jar = folder.resolve(classes.getParent().getFileName() + "-" + classes.getFileName() + ".jar");
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
        return jar;
    }
}
