package io.kvasir.ingestion.document;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.tika.config.TikaConfig;
import org.apache.tika.exception.EncryptedDocumentException;
import org.apache.tika.exception.TikaException;
import org.apache.tika.exception.UnsupportedFormatException;
import org.apache.tika.exception.ZeroByteFileException;
import org.apache.tika.extractor.DocumentSelector;
import org.apache.tika.io.TikaInputStream;
import org.apache.tika.metadata.Metadata;
import org.apache.tika.metadata.TikaCoreProperties;
import org.apache.tika.parser.AutoDetectParser;
import org.apache.tika.parser.ParseContext;
import org.apache.tika.parser.Parser;
import org.apache.tika.parser.ParserDecorator;
import org.apache.tika.parser.html.HtmlMapper;
import org.apache.tika.parser.html.IdentityHtmlMapper;
import org.apache.tika.parser.microsoft.OfficeParserConfig;
import org.xml.sax.ContentHandler;
import org.xml.sax.SAXException;

/**
 * What runs in the parser's process: Apache Tika, one file after another, as the parent asks on standard input (the file,
 * where its blocks go, its name, each as Java's modified UTF-8). Answers on standard output with a code ({@link #READ},
 * or why not), a media type and a title. Ends when its parent does, or when it was not needed for a while.
 */
final class ParserChild {
    static final String READ = "read";
    static final int READY = 'R';
    /** As {@code -XX:+ExitOnOutOfMemoryError} does it. */
    static final int OUT_OF_MEMORY = 3;
    /** Without work for so long it ends; its parent asks it nothing shortly before. */
    static final Duration IDLE = Duration.ofMinutes(5);

    /** Elements within elements; pages of the web come to a hundred, bombs to many thousands. */
    private static final int MOST_NESTED = 500;

    private static final int LONGEST_TITLE = 1_000;
    private static final long STACK = 16L << 20;

    private static final String CONFIGURATION = """
            <?xml version="1.0" encoding="UTF-8"?>
            <properties>
              <parsers>
                <parser class="org.apache.tika.parser.DefaultParser">
                  <parser-exclude class="org.apache.tika.parser.ocr.TesseractOCRParser"/>
                  <parser-exclude class="org.apache.tika.parser.external.CompositeExternalParser"/>
                  <parser-exclude class="org.apache.tika.parser.executable.ExecutableParser"/>
                  <parser-exclude class="org.apache.tika.parser.pdf.PDFParser"/>
                  <parser-exclude class="org.apache.tika.parser.mail.RFC822Parser"/>
                </parser>
                <parser class="io.kvasir.ingestion.document.MailParser"/>
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
            </properties>
            """;

    private final TikaConfig config;
    private final AutoDetectParser parser;
    private final int mostCharacters;
    private final int mostEmbedded;
    private volatile boolean busy;
    private volatile long idleSince = System.nanoTime();

    private ParserChild(int mostCharacters, int mostEmbedded) throws IOException, TikaException, SAXException {
        this.config = new TikaConfig(new ByteArrayInputStream(CONFIGURATION.getBytes(StandardCharsets.UTF_8)));
        this.parser = new AutoDetectParser(config);
        parser.getAutoDetectParserConfig().setMaximumDepth(MOST_NESTED);
        this.mostCharacters = mostCharacters;
        this.mostEmbedded = mostEmbedded;
    }

    private record Answer(String code, String mediaType, String title) {
        static Answer no(String code) {
            return new Answer(code, "", "");
        }
    }

    public static void main(String[] args) throws IOException, TikaException, SAXException {
        DataOutputStream out = new DataOutputStream(new FileOutputStream(FileDescriptor.out));
        // A parser that prints must not speak for us.
        System.setOut(System.err);
        NoNetwork.install();
        ParserChild child = new ParserChild(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        child.serve(new DataInputStream(new BufferedInputStream(System.in)), out);
    }

    private void serve(DataInputStream in, DataOutputStream out) throws IOException {
        ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().factory());
        watch.scheduleWithFixedDelay(this::endWhereIdle, 30, 30, TimeUnit.SECONDS);
        // Parsers recurse; and while one is at work, the main thread sees when the parent is gone.
        var worker = Executors.newSingleThreadExecutor(r -> new Thread(null, r, "parser", STACK));
        out.writeByte(READY);
        out.flush();
        try {
            while (true) {
                Path file = Path.of(in.readUTF());
                Path into = Path.of(in.readUTF());
                String name = in.readUTF();
                busy = true;
                worker.execute(() -> answer(out, file, into, name));
            }
        } catch (EOFException parentGone) {
            Runtime.getRuntime().halt(0);
        }
    }

    private void endWhereIdle() {
        if (!busy && System.nanoTime() - idleSince > IDLE.toNanos()) {
            Runtime.getRuntime().halt(0);
        }
    }

    private void answer(DataOutputStream out, Path file, Path into, String name) {
        try {
            Answer answer = parse(file, into, name);
            idleSince = System.nanoTime();
            busy = false;
            out.writeUTF(answer.code());
            out.writeUTF(answer.mediaType());
            out.writeUTF(answer.title());
            out.flush();
        } catch (OutOfMemoryError e) {
            Runtime.getRuntime().halt(OUT_OF_MEMORY);
        } catch (IOException | RuntimeException | Error e) {
            Runtime.getRuntime().halt(1);
        }
    }

    private Answer parse(Path file, Path into, String name) throws IOException {
        Metadata metadata = new Metadata();
        metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, name);
        try (BlockFile.Writer blocks = new BlockFile.Writer(into)) {
            Xhtml xhtml = new Xhtml(blocks, mostCharacters);
            try (TikaInputStream in = TikaInputStream.get(file, metadata)) {
                metadata.set(TikaCoreProperties.RESOURCE_NAME_KEY, name);
                String type =
                        parser.getDetector().detect(in, metadata).getBaseType().toString();
                FileKind.requireDocument(type);
                metadata.set(TikaCoreProperties.CONTENT_TYPE_PARSER_OVERRIDE, type);
                new Telling(parser, xhtml).parse(in, xhtml, metadata, context(xhtml));
            } catch (Unreadable e) {
                return Answer.no(e.code());
            } catch (TikaException | SAXException | RuntimeException | StackOverflowError e) {
                return Answer.no(xhtml.tooMuch() ? "too-large" : reason(e));
            }
            if (xhtml.tooMuch() || xhtml.bomb) {
                return Answer.no(xhtml.bomb ? "bomb" : "too-large");
            }
            return new Answer(READ, typeOf(metadata), titleOf(metadata));
        }
    }

    private ParseContext context(Xhtml xhtml) {
        ParseContext context = new ParseContext();
        context.set(TikaConfig.class, config);
        context.set(Parser.class, new Telling(parser, xhtml));
        // As events and not as a tree: faster, in little memory, and able to read the strict kind.
        OfficeParserConfig office = new OfficeParserConfig();
        office.setUseSAXDocxExtractor(true);
        office.setUseSAXPptxExtractor(true);
        context.set(OfficeParserConfig.class, office);
        context.set(HtmlMapper.class, IdentityHtmlMapper.INSTANCE);
        context.set(DocumentSelector.class, new DocumentSelector() {
            private int embedded;

            @Override
            public boolean select(Metadata metadata) {
                return embedded++ < mostEmbedded;
            }
        });
        return context;
    }

    /** Tells the handler where a document, or one within it, begins and ends. */
    private static final class Telling extends ParserDecorator {
        private static final long serialVersionUID = 1L;
        private final transient Xhtml xhtml;

        Telling(Parser parser, Xhtml xhtml) {
            super(parser);
            this.xhtml = xhtml;
        }

        @Override
        public void parse(InputStream in, ContentHandler handler, Metadata metadata, ParseContext context)
                throws IOException, SAXException, TikaException {
            xhtml.begin(metadata);
            try {
                super.parse(in, handler, metadata, context);
            } catch (TikaException | SAXException e) {
                // An attachment's failure is passed over by the parser of the mail around it; a bomb's must not be.
                xhtml.bomb |= reason(e).equals("bomb");
                throw e;
            } finally {
                xhtml.end();
            }
        }
    }

    private static String typeOf(Metadata metadata) {
        String type = String.valueOf(metadata.get(Metadata.CONTENT_TYPE));
        int parameters = type.indexOf(';');
        return parameters < 0 ? type : type.substring(0, parameters).strip();
    }

    private static String titleOf(Metadata metadata) {
        String title = metadata.get(TikaCoreProperties.TITLE);
        return title == null ? "" : Cut.to(title.strip(), LONGEST_TITLE);
    }

    private static String reason(Throwable thrown) {
        int deep = 0;
        for (Throwable e = thrown; e != null && deep < 50; e = e.getCause(), deep++) {
            String message = String.valueOf(e.getMessage());
            if (e instanceof EncryptedDocumentException
                    || e instanceof org.apache.poi.EncryptedDocumentException
                    || e.getClass().getSimpleName().equals("InvalidPasswordException")) {
                return "encrypted";
            }
            if (message.contains("zip bomb") || message.contains("Zip bomb") || message.startsWith("JAXP0001")) {
                return "bomb";
            }
            if (e instanceof ZeroByteFileException) {
                return "empty";
            }
            if (e instanceof UnsupportedFormatException) {
                return "unsupported-type";
            }
        }
        return "corrupt";
    }
}
