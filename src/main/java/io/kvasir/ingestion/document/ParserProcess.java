package io.kvasir.ingestion.document;

import io.kvasir.ingestion.IngestionSettings;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Apache Tika in processes of its own (see {@link ParserChild}), with limits on heap, wall time, output and nesting, no
 * network, none of our environment, and a temporary folder of its own. A document that hangs a parser, exhausts it or
 * kills it costs that document; the next finds a new process. There are as many processes as callers at once.
 */
final class ParserProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("kvasir.ingestion");
    private static final Duration STARTUP = Duration.ofSeconds(60);
    /** A process this long without work may be about to end by itself. */
    private static final Duration FRESH = ParserChild.IDLE.minusMinutes(1);
    /** Parsers leak; after so many files a process is replaced. */
    private static final int MOST_FILES = 1_000;

    private static final int LONGEST_NAME = 1_000;
    private static final Pattern MEDIA_TYPE = Pattern.compile("[\\w.+-]{1,100}/[\\w.+-]{1,150}");
    /** A process that something outside killed, the system or a person, says nothing about the file: 128 + SIGKILL, SIGTERM. */
    private static final Set<Integer> KILLED = Set.of(137, 143);

    private final IngestionSettings settings;
    private final Path folder;
    private final ConcurrentLinkedDeque<Child> idle = new ConcurrentLinkedDeque<>();
    private final Set<Child> all = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** What came out beside the blocks. @param title empty where there is none */
    record Parsed(String mediaType, String title) {}

    /** @param folder for temporary files of the processes */
    ParserProcess(IngestionSettings settings, Path folder) {
        this.settings = settings;
        this.folder = folder;
    }

    private record Answer(String code, String mediaType, String title) {}

    /** The process ended instead of answering. */
    private static final class Ended extends Exception {
        private static final long serialVersionUID = 1L;
        private final int code;

        Ended(int code) {
            super("exit code " + code, null, false, false);
            this.code = code;
        }
    }

    private final class Child {
        private final Path temporary;
        private final Process process;
        private final DataOutputStream to;
        private final CompletableFuture<Boolean> ready = new CompletableFuture<>();
        private volatile CompletableFuture<Answer> answer = new CompletableFuture<>();
        private long lastUsed = System.nanoTime();
        private int files;

        Child() throws IOException {
            temporary = Files.createTempDirectory(folder, "parser");
            ProcessBuilder builder = new ProcessBuilder(command(temporary));
            // Keys and passwords are none of a parser's business.
            builder.environment().keySet().retainAll(Set.of("LANG", "LC_ALL", "LC_CTYPE", "SystemRoot"));
            builder.redirectError(ProcessBuilder.Redirect.DISCARD);
            process = builder.start();
            to = new DataOutputStream(new BufferedOutputStream(process.getOutputStream()));
            all.add(this);
            Thread.ofPlatform().daemon().name("parser-answers").start(this::listen);
        }

        private void listen() {
            try (DataInputStream from = new DataInputStream(new BufferedInputStream(process.getInputStream()))) {
                if (from.readByte() == ParserChild.READY) {
                    ready.complete(true);
                    while (true) {
                        Answer next = new Answer(from.readUTF(), from.readUTF(), from.readUTF());
                        answer.complete(next);
                    }
                }
            } catch (IOException gone) {
                // Its exit code says more.
                LOG.debug("a parser's process is gone", gone);
            }
            process.destroyForcibly();
            Ended ended = new Ended(process.onExit().join().exitValue());
            ready.completeExceptionally(ended);
            answer.completeExceptionally(ended);
            all.remove(this);
            deleteAll(temporary);
        }

        CompletableFuture<Answer> ask(Path file, Path into, String name) throws IOException {
            files++;
            CompletableFuture<Answer> next = new CompletableFuture<>();
            answer = next;
            if (!process.isAlive()) {
                throw new IOException("the parser's process is gone");
            }
            to.writeUTF(file.toString());
            to.writeUTF(into.toString());
            to.writeUTF(name.length() > LONGEST_NAME ? name.substring(name.length() - LONGEST_NAME) : name);
            to.flush();
            return next;
        }

        boolean good() {
            return process.isAlive() && files < MOST_FILES && System.nanoTime() - lastUsed < FRESH.toNanos();
        }

        void end() {
            process.destroyForcibly();
        }
    }

    private List<String> command(Path temporary) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + settings.parserHeap(),
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true",
                "-Djava.io.tmpdir=" + temporary,
                "-Duser.language=en",
                "-Duser.country=US",
                "-Duser.timezone=UTC",
                "-Dlogback.configurationFile=logback-parser.xml",
                "-Djava.nio.channels.spi.SelectorProvider=" + NoNetwork.class.getName(),
                "-Djdk.xml.entityExpansionLimit=1000",
                "-Djavax.xml.accessExternalDTD=",
                "-Djavax.xml.accessExternalSchema=",
                "-cp",
                System.getProperty("java.class.path"),
                ParserChild.class.getName(),
                Integer.toString(settings.mostCharacters()),
                Integer.toString(settings.mostEmbedded()));
    }

    /**
     * Parses a file.
     *
     * @param into receives the blocks, for {@link BlockFile#read}
     * @throws Unreadable where it can't be read, with the reason
     * @throws IOException where no process could be had
     */
    Parsed parse(Path file, Path into, String name, Cancellation cancellation) throws IOException, Unreadable {
        Child child = ready(cancellation);
        boolean sound = false;
        try {
            Answer answer = cancellation.await(child.ask(file, into, name), settings.parserTimeout());
            sound = true;
            return parsed(answer);
        } catch (TimeoutException e) {
            throw new Unreadable(
                    "timeout",
                    "Reading the file took longer than "
                            + settings.parserTimeout().toSeconds() + " seconds");
        } catch (CompletionException e) {
            throw ended(e);
        } finally {
            child.lastUsed = System.nanoTime();
            if (sound && !closed) {
                idle.push(child);
            } else {
                child.end();
            }
        }
    }

    private Child ready(Cancellation cancellation) throws IOException {
        for (Child used = idle.poll(); used != null; used = idle.poll()) {
            if (used.good()) {
                return used;
            }
            used.end();
        }
        if (closed) {
            throw new IOException("no parser any more");
        }
        Child child = new Child();
        boolean sound = false;
        try {
            cancellation.await(child.ready, STARTUP);
            sound = true;
            return child;
        } catch (TimeoutException | CompletionException e) {
            throw new IOException("no parser could be started: " + child.process.info(), e);
        } finally {
            if (!sound) {
                child.end();
            }
        }
    }

    private static Unreadable ended(CompletionException e) throws IOException {
        if (!(e.getCause() instanceof Ended ended)) {
            throw new IOException(e);
        }
        if (KILLED.contains(ended.code)) {
            throw new IOException("the parser's process was killed");
        }
        return ended.code == ParserChild.OUT_OF_MEMORY
                ? new Unreadable("too-large", "Reading the file needed more memory than a parser gets")
                : new Unreadable("corrupt", "The file made its parser crash");
    }

    /** The child speaks in codes; the words are ours, whatever a file made of the child. */
    private static Parsed parsed(Answer answer) throws Unreadable {
        if (!MEDIA_TYPE.matcher(answer.mediaType()).matches() && answer.code().equals(ParserChild.READ)) {
            throw new Unreadable("corrupt", "The file made its parser fail");
        }
        return switch (answer.code()) {
            case ParserChild.READ -> new Parsed(answer.mediaType(), answer.title());
            case "encrypted" -> throw new Unreadable("encrypted", "The file is protected by a password");
            case "too-large" ->
                throw new Unreadable("too-large", "The file holds more text than is taken from one document");
            case "bomb" -> throw new Unreadable("bomb", "The file unpacks to far more than it is");
            case "empty" -> throw new Unreadable("empty", "The file is empty");
            case "unsupported-type" -> throw new Unreadable("unsupported-type", "This kind of file is not read");
            default -> throw new Unreadable("corrupt", "The file is damaged or not what its name says");
        };
    }

    static void deleteAll(Path folder) {
        try (Stream<Path> old = Files.walk(folder)) {
            for (Path path : old.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException | java.io.UncheckedIOException e) {
            // The sweep of the next start will find it.
            LOG.debug("could not delete {}", folder, e);
        }
    }

    /** Ends the processes, whatever they do, and waits until they are gone. */
    @Override
    public void close() {
        closed = true;
        List<Child> children = List.copyOf(all);
        children.forEach(Child::end);
        CompletableFuture.allOf(children.stream().map(c -> c.process.onExit()).toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, 5, TimeUnit.SECONDS)
                .join();
        children.forEach(c -> deleteAll(c.temporary));
    }
}
