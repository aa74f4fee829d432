package io.kvasir.ingestion.document;

import io.kvasir.ingestion.IngestionSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.apache.tika.exception.TikaConfigException;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.pipes.FetchEmitTuple;
import org.apache.tika.pipes.HandlerConfig;
import org.apache.tika.pipes.PipesClient;
import org.apache.tika.pipes.PipesConfig;
import org.apache.tika.pipes.PipesResult;
import org.apache.tika.pipes.emitter.EmitKey;
import org.apache.tika.pipes.fetcher.FetchKey;
import org.apache.tika.sax.BasicContentHandlerFactory;

/**
 * Apache Tika in processes of its own, with limits on heap, wall time, output and nesting. A document that hangs a
 * parser, exhausts it or kills it costs that document; the next finds a new process.
 */
final class ParserProcess implements AutoCloseable {
    private static final String FETCHER = "spooled";

    private final IngestionSettings settings;
    private final BlockingQueue<PipesClient> idle;
    private final Path config;

    /** What came out. @param xhtml the body with its structure */
    record Parsed(String mediaType, String title, String xhtml) {}

    private ParserProcess(IngestionSettings settings, BlockingQueue<PipesClient> idle, Path config) {
        this.settings = settings;
        this.idle = idle;
        this.config = config;
    }

    /** @param folder the only one the parser reads documents from */
    static ParserProcess start(IngestionSettings settings, Path folder, int processes) throws IOException {
        Path config = Files.createTempFile(settings.workDir(), "parser", ".xml");
        Files.writeString(config, configuration(settings, folder, config, processes));
        BlockingQueue<PipesClient> idle = new ArrayBlockingQueue<>(processes);
        for (int i = 0; i < processes; i++) {
            try {
                idle.add(new PipesClient(PipesConfig.load(new ByteArrayInputStream(Files.readAllBytes(config)))));
            } catch (TikaConfigException e) {
                throw new IOException("the parser's configuration is not accepted", e);
            }
        }
        return new ParserProcess(settings, idle, config);
    }

    private static String configuration(IngestionSettings settings, Path folder, Path self, int processes) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return """
                <?xml version="1.0" encoding="UTF-8"?>
                <properties>
                  <parsers>
                    <parser class="org.apache.tika.parser.DefaultParser">
                      <parser-exclude class="org.apache.tika.parser.ocr.TesseractOCRParser"/>
                      <parser-exclude class="org.apache.tika.parser.external.CompositeExternalParser"/>
                      <parser-exclude class="org.apache.tika.parser.executable.ExecutableParser"/>
                    </parser>
                    <parser class="org.apache.tika.parser.pdf.PDFParser">
                      <params>
                        <param name="sortByPosition" type="bool">false</param>
                        <param name="ocrStrategy" type="string">no_ocr</param>
                        <param name="extractMarkedContent" type="bool">false</param>
                        <param name="ifXFAExtractOnlyXFA" type="bool">false</param>
                        <param name="maxMainMemoryBytes" type="long">104857600</param>
                      </params>
                    </parser>
                  </parsers>
                  <fetchers>
                    <fetcher class="org.apache.tika.pipes.fetcher.fs.FileSystemFetcher">
                      <name>%s</name>
                      <basePath>%s</basePath>
                    </fetcher>
                  </fetchers>
                  <pipes>
                    <numClients>%d</numClients>
                    <tikaConfig>%s</tikaConfig>
                    <timeoutMillis>%d</timeoutMillis>
                    <startupTimeoutMillis>60000</startupTimeoutMillis>
                    <shutdownClientAfterMillis>300000</shutdownClientAfterMillis>
                    <maxForEmitBatchBytes>-1</maxForEmitBatchBytes>
                    <maxFilesProcessedPerProcess>1000</maxFilesProcessedPerProcess>
                    <javaPath>%s</javaPath>
                    <forkedJvmArgs>
                      <arg>-Xmx%s</arg>
                      <arg>-XX:+ExitOnOutOfMemoryError</arg>
                      <arg>-XX:+UseSerialGC</arg>
                      <arg>-XX:TieredStopAtLevel=1</arg>
                      <arg>-Djava.awt.headless=true</arg>
                      <arg>-Dlogback.configurationFile=logback-parser.xml</arg>
                      <arg>-Dlog4j2.statusLoggerLevel=OFF</arg>
                      <arg>-Djdk.xml.entityExpansionLimit=1000</arg>
                      <arg>-Djavax.xml.accessExternalDTD=</arg>
                      <arg>-Djavax.xml.accessExternalSchema=</arg>
                    </forkedJvmArgs>
                  </pipes>
                </properties>
                """.formatted(
                FETCHER, folder, processes, self, settings.parserTimeout().toMillis(), java, settings.parserHeap());
    }

    /**
     * Parses a file of the folder.
     *
     * @throws Unreadable where it can't be read, with the reason
     * @throws IOException where no process could be started
     */
    Parsed parse(String spooled, String name) throws IOException, InterruptedException, Unreadable {
        Metadata metadata = new Metadata();
        metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, name);
        ParseContext context = new ParseContext();
        context.set(
                HandlerConfig.class,
                new HandlerConfig(
                        BasicContentHandlerFactory.HANDLER_TYPE.XML,
                        HandlerConfig.PARSE_MODE.CONCATENATE,
                        settings.mostCharacters(),
                        settings.mostEmbedded(),
                        true));
        FetchEmitTuple tuple = new FetchEmitTuple(
                spooled, new FetchKey(FETCHER, spooled), new EmitKey("", spooled), metadata, context);
        PipesClient client = idle.take();
        try {
            return result(client.process(tuple));
        } finally {
            idle.add(client);
        }
    }

    private Parsed result(PipesResult result) throws Unreadable, IOException {
        return switch (result.getStatus()) {
            case TIMEOUT ->
                throw new Unreadable(
                        "timeout",
                        "Reading the file took longer than "
                                + settings.parserTimeout().toSeconds() + " seconds");
            case OOM -> throw new Unreadable("too-large", "Reading the file needed more memory than a parser gets");
            case UNSPECIFIED_CRASH -> throw new Unreadable("corrupt", "The file made its parser crash");
            case CLIENT_UNAVAILABLE_WITHIN_MS,
                    INTERRUPTED_EXCEPTION,
                    FETCHER_INITIALIZATION_EXCEPTION,
                    FETCH_EXCEPTION -> throw new IOException("no parser could be had: " + result.getStatus());
            default -> parsed(result);
        };
    }

    private Parsed parsed(PipesResult result) throws Unreadable {
        if (result.getEmitData() == null
                || result.getEmitData().getMetadataList() == null
                || result.getEmitData().getMetadataList().isEmpty()) {
            throw failure(String.valueOf(result.getMessage()));
        }
        List<Metadata> all = result.getEmitData().getMetadataList();
        Metadata main = all.getFirst();
        String trace = String.valueOf(result.getEmitData().getContainerStackTrace());
        if (!trace.isBlank() && !trace.equals("null")) {
            throw failure(trace);
        }
        if ("true".equals(main.get(TikaCoreProperties.WRITE_LIMIT_REACHED))) {
            throw failure("WriteLimitReached");
        }
        String type = String.valueOf(main.get(Metadata.CONTENT_TYPE));
        int parameters = type.indexOf(';');
        String title = main.get(TikaCoreProperties.TITLE);
        return new Parsed(
                parameters < 0 ? type : type.substring(0, parameters).strip(),
                title == null ? "" : title,
                String.valueOf(main.get(TikaCoreProperties.TIKA_CONTENT)));
    }

    /** The reason in the words of its owner; the parser's own trace is not for them. */
    private static Unreadable failure(String trace) {
        if (trace.contains("EncryptedDocumentException") || trace.contains("InvalidPasswordException")) {
            return new Unreadable("encrypted", "The file is protected by a password");
        }
        if (trace.contains("WriteLimitReached")) {
            return new Unreadable("too-large", "The file holds more text than is taken from one document");
        }
        if (trace.contains("zip bomb") || trace.contains("Zip bomb") || trace.contains("EmbeddedLimitReached")) {
            return new Unreadable("bomb", "The file unpacks to far more than it is");
        }
        if (trace.contains("ZeroByteFileException")) {
            return new Unreadable("empty", "The file is empty");
        }
        if (trace.contains("UnsupportedFormatException")) {
            return new Unreadable("unsupported-type", "This kind of file is not read");
        }
        return new Unreadable("corrupt", "The file is damaged or not what its name says");
    }

    @Override
    public void close() {
        for (PipesClient client = idle.poll(); client != null; client = idle.poll()) {
            try {
                client.close();
            } catch (IOException e) {
                // The process is gone either way, with ours at the latest.
                continue;
            }
        }
        try {
            Files.deleteIfExists(config);
        } catch (IOException e) {
            // Left for the sweep of the next start.
            return;
        }
    }
}
