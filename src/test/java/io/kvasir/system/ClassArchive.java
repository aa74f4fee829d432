package io.kvasir.system;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The server's loaded classes as a file, for tests that start it many times: such a start takes less than half of the
 * processor's time. The JVM archives classes of jars only, so folders of the class path become jars first.
 */
final class ClassArchive {
    private ClassArchive() {}

    /** Options that start the server with an archive, which one start and stop writes into a folder. */
    static String[] in(Path folder) throws IOException, InterruptedException {
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::exists)
                .map(entry -> Files.isDirectory(entry) ? jar(entry, folder) : entry)
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
        Path archive = folder.resolve("server.jsa");
        try (ServerProcess server = ServerProcess.start(
                        folder.resolve("trial"),
                        Map.of(),
                        "-cp",
                        classPath,
                        "-XX:ArchiveClassesAtExit=" + archive,
                        "-Xlog:cds=off",
                        "-Xlog:aot=off");
                Api api = Api.owner(server)) {
            api.get("/api/v1/knowledge-bases").expect(200);
            server.stop();
        }
        if (!Files.exists(archive)) {
            throw new AssertionError("no archive was written, see " + folder.resolve("trial.log"));
        }
        return new String[] {"-cp", classPath, "-XX:SharedArchiveFile=" + archive, "-Xlog:cds=off", "-Xlog:aot=off"};
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
            throw new java.io.UncheckedIOException(e);
        }
        return jar;
    }
}
