package io.kvasir.jdbc;

import io.kvasir.kernel.FreePort;
import io.kvasir.kernel.Ids;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * A real PostgreSQL for tests, from the binaries on the class path, in a temporary folder and on a free loopback port. Its
 * programs refuse to run as root; where we are root (as CI is) they run as {@code nobody}, who owns the folder then.
 */
public final class PostgresForTests implements AutoCloseable {
    public static final String USER = "postgres";

    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
    /** By convention everywhere on Linux. */
    private static final int NOBODY = 65_534;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path folder;
    private final Path programs;
    private final int port;
    private final List<String> options;

    private PostgresForTests(Path folder, Path programs, int port, List<String> options) {
        this.folder = folder;
        this.programs = programs;
        this.port = port;
        this.options = options;
    }

    /** The one all tests of this JVM share, quick and forgetful of power cuts; it ends with the JVM. */
    public static PostgresForTests shared() {
        return Shared.INSTANCE;
    }

    private static final class Shared {
        private static final PostgresForTests INSTANCE = start("fsync=off", "max_connections=300");
    }

    /** A server of its own, that ends with the JVM at the latest. @param options of {@code postgresql.conf}, as {@code name=value} */
    public static PostgresForTests start(String... options) {
        try {
            Path folder = Files.createTempDirectory("kvasir-postgres-");
            PostgresForTests server = new PostgresForTests(folder, unpacked(), FreePort.choose(), List.of(options));
            if (root()) {
                Files.setAttribute(folder, "unix:uid", NOBODY);
            }
            // Sorted as people sort, not as bytes: no query may depend on what a locale puts first.
            server.run(
                    "initdb",
                    "-D",
                    server.data(),
                    "-U",
                    USER,
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale-provider=icu",
                    "--icu-locale=en-US",
                    "--no-sync");
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(server::close));
            server.up();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of a new database with nothing in it. */
    public String database() {
        return copyOf("template0");
    }

    /** The address of a new database that is a copy of another one nobody is connected to. */
    public String copyOf(String template) {
        String name = "k" + Ids.next();
        execute("CREATE DATABASE " + name + " TEMPLATE " + template);
        return url(name);
    }

    /** One statement in the administrative database. */
    public void execute(String sql) {
        try (Connection connection = DriverManager.getConnection(url("postgres"), USER, "");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    public String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** Of the server's first process. */
    public long pid() {
        try {
            return Long.parseLong(
                    Files.readAllLines(Path.of(data(), "postmaster.pid")).getFirst());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it at once, as a crash does: no connection is told, nothing is written any more. */
    public void kill() {
        long pid = pid();
        try {
            run("pg_ctl", "kill", "QUIT", Long.toString(pid));
            ProcessHandle.of(pid)
                    .ifPresent(p -> p.onExit().orTimeout(30, TimeUnit.SECONDS).join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it (again) on the same data and port; returns once it takes connections. */
    public void up() {
        try {
            List<String> command = command("postgres", "-D", data(), "-p", Integer.toString(port));
            Stream.concat(Stream.of("listen_addresses=127.0.0.1", "unix_socket_directories="), options.stream())
                    .forEach(option -> command.addAll(List.of("-c", option)));
            Process process = builder(command).start();
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!answers()) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    throw new IllegalStateException("PostgreSQL did not start: " + log());
                }
                LockSupport.parkNanos(20_000_000);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (!Files.exists(folder)) {
            return;
        }
        if (Files.exists(Path.of(data(), "postmaster.pid"))) {
            kill();
        }
        try {
            delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean answers() {
        try (Connection connection = DriverManager.getConnection(url("postgres"), USER, "")) {
            return connection.isValid(2);
        } catch (SQLException notYet) {
            return false;
        }
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    private void run(String program, String... arguments) throws IOException {
        Process process = builder(command(program, arguments)).start();
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException(program + " failed: " + log());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private ProcessBuilder builder(List<String> command) {
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()));
    }

    private List<String> command(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(unprivileged());
        command.add(programs.resolve("bin").resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /** Both are part of util-linux, which every distribution has. */
    private static List<String> unprivileged() throws IOException {
        if (!root()) {
            return List.of();
        }
        for (String folder : List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")) {
            if (Files.isExecutable(Path.of(folder, "setpriv"))) {
                return List.of(folder + "/setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
            }
            if (Files.isExecutable(Path.of(folder, "runuser"))) {
                return List.of(folder + "/runuser", "-u", "nobody", "--");
            }
        }
        throw new IllegalStateException("PostgreSQL can't run as root, and neither setpriv nor runuser is there");
    }

    private static boolean root() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    /** The programs, unpacked once and kept for later runs; their folder is named after the size of their archive. */
    private static Path unpacked() throws IOException {
        try (InputStream archive = PostgresForTests.class.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                throw new IllegalStateException("no PostgreSQL for this platform on the class path");
            }
            byte[] packed = archive.readAllBytes();
            Path kept = Path.of(
                    System.getProperty("java.io.tmpdir"),
                    "kvasir-postgres-programs-" + System.getProperty("user.name") + "-" + packed.length);
            if (!Files.exists(kept)) {
                Path fresh = Files.createTempDirectory("kvasir-postgres-programs-");
                unpack(new java.io.ByteArrayInputStream(packed), fresh);
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
                try {
                    Files.move(fresh, kept, StandardCopyOption.ATOMIC_MOVE);
                } catch (IOException unpackedByAnother) {
                    delete(fresh);
                }
            }
            return kept;
        }
    }

    private static void unpack(InputStream archive, Path target) throws IOException {
        try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(archive))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path file = target.resolve(entry.getName()).normalize();
                if (entry.isDirectory()) {
                    Files.createDirectories(file);
                    continue;
                }
                Files.createDirectories(file.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, file);
                    boolean program = (entry.getMode() & 0100) != 0;
                    Files.setPosixFilePermissions(
                            file, PosixFilePermissions.fromString(program ? "rwxr-xr-x" : "rw-r--r--"));
                }
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, java.io.IOException fault) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
