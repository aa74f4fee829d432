package io.kvasir.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvasir.conversation.domain.Conversation;
import io.kvasir.conversation.domain.ConversationEvent;
import io.kvasir.conversation.domain.ConversationEvent.ConversationClosed;
import io.kvasir.conversation.domain.ConversationEvent.ConversationStarted;
import io.kvasir.conversation.domain.ConversationEvent.ReplyGrew;
import io.kvasir.conversation.domain.ConversationEvent.TurnCompleted;
import io.kvasir.conversation.domain.ConversationEvent.TurnFailed;
import io.kvasir.conversation.domain.ConversationEvent.TurnRated;
import io.kvasir.conversation.domain.ConversationEvent.TurnStarted;
import io.kvasir.conversation.domain.ConversationEvent.TurnStopped;
import io.kvasir.conversation.domain.Ending;
import io.kvasir.conversation.domain.Progress;
import io.kvasir.conversation.domain.Turn;
import io.kvasir.kernel.JobId;
import io.kvasir.kernel.KnowledgeBaseId;
import io.kvasir.kernel.PassageId;
import io.kvasir.kernel.Sealed;
import io.kvasir.kernel.SourceId;
import io.kvasir.kernel.UserId;
import io.kvasir.knowledgebase.domain.Document;
import io.kvasir.knowledgebase.domain.Embedding;
import io.kvasir.knowledgebase.domain.Job;
import io.kvasir.knowledgebase.domain.KnowledgeBase;
import io.kvasir.knowledgebase.domain.KnowledgeBaseEvent;
import io.kvasir.knowledgebase.domain.Profile;
import io.kvasir.knowledgebase.domain.SearchSettings;
import io.kvasir.knowledgebase.domain.Version;
import io.kvasir.tenancy.domain.Amounts;
import io.kvasir.tenancy.domain.Holding;
import io.kvasir.tenancy.domain.Preferences;
import io.kvasir.tenancy.domain.Reservation;
import io.kvasir.tenancy.domain.Settlement;
import io.kvasir.tenancy.domain.Tenant;
import io.kvasir.tenancy.domain.TenantEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is stored can be read for ever: the bytes in {@code src/test/resources/golden} were written once and are never
 * written again. A new type gets a new file (the environment variable {@code GOLDEN_WRITE} writes those that are missing).
 */
class GoldenBytesTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden");
    private static final StoredTypes TYPES = new StoredTypes(List.of(
            KnowledgeBaseEvent.class,
            KnowledgeBase.class,
            ConversationEvent.class,
            Conversation.class,
            TenantEvent.class,
            Tenant.class));
    private static final StoredSerializer SERIALIZER = new StoredSerializer(TYPES);

    private static final Instant AT = Instant.parse("2026-11-20T12:00:00.123456Z");
    private static final Sealed TEXT = new Sealed("t/source/kb/d", new byte[] {1, 2, 3});
    private static final SourceId DOCUMENT = new SourceId("d");
    private static final JobId JOB = new JobId("j");
    private static final Document.File FILE =
            new Document.File(TEXT, Optional.of("text/markdown"), 12, "ab", Optional.empty());
    private static final Document.Read READ = new Document.Read(TEXT, "text/markdown", "en", 3, 400);
    private static final Profile PROFILE =
            new Profile(TEXT, Optional.of(TEXT), "extractive", "extractive", Optional.empty(), 0.2, 800, true);
    private static final SearchSettings SEARCH =
            new SearchSettings("hybrid", 5, 0.003, 100, 0.7, "none", 0.7, 256, 32, 3_000);
    private static final Embedding OLD = new Embedding("bge", 384);
    private static final Embedding NEW = new Embedding("text-embedding-3-small", 1024);
    private static final Progress PROGRESS =
            new Progress(Optional.of(TEXT), Optional.of(TEXT), List.of(new PassageId("p")));
    private static final Ending ENDING = new Ending(
            Turn.Status.COMPLETED,
            Optional.of("stop"),
            List.of(1, 2),
            Optional.of(new Ending.Usage("openai", "m", 10, 20, 30)),
            Optional.of(new Ending.Timings(1.5, 2.5, 3.5)),
            Optional.empty(),
            AT);
    private static final Turn.Feedback FEEDBACK = new Turn.Feedback(Turn.Rating.DOWN, Optional.of(TEXT), AT);

    static Stream<Object> examples() {
        KnowledgeBaseEvent.PublicationStarted publication = new KnowledgeBaseEvent.PublicationStarted(
                4, List.of(new Version(DOCUMENT, 2)), List.of(new Version(DOCUMENT, 1)), AT);
        KnowledgeBase knowledgeBase = KnowledgeBase.NONE
                .apply(new KnowledgeBaseEvent.Created(new UserId("u"), PROFILE, SEARCH, Optional.empty(), AT))
                .apply(new KnowledgeBaseEvent.DocumentAdded(DOCUMENT, FILE, JOB, AT))
                .apply(new KnowledgeBaseEvent.JobStaged(DOCUMENT, JOB, READ, Optional.of(AT), AT))
                .apply(publication);
        Conversation conversation = Conversation.NONE
                .apply(new ConversationStarted(
                        new KnowledgeBaseId("kb"), Optional.of(new UserId("u")), Optional.of(TEXT), AT))
                .apply(new TurnStarted(1, TEXT, 3, AT))
                .apply(new TurnCompleted(1, PROGRESS, ENDING))
                .apply(new TurnRated(1, FEEDBACK));
        Reservation reservation = new Reservation("r", new Amounts(1, 2, 3, 4, 5, 6), AT);
        Settlement settlement = new Settlement(7, "r", new KnowledgeBaseId("kb"), "openai", "m", 1, 10, 20, 30, AT);
        Holding holding = new Holding(new KnowledgeBaseId("kb"), 2, 300);
        Tenant tenant = Tenant.NONE
                .apply(new TenantEvent.PlanChosen("pro", AT))
                .apply(new TenantEvent.PreferencesChanged(new Preferences(Optional.of(30), Optional.of(9L)), AT))
                .apply(new TenantEvent.HoldingsChanged(List.of(holding), List.of()))
                .apply(new TenantEvent.Settled(List.of(settlement)))
                .apply(new TenantEvent.Reserved(List.of(reservation)));
        return Stream.of(
                new TenantEvent.PlanChosen("pro", AT),
                new TenantEvent.PreferencesChanged(new Preferences(Optional.of(30), Optional.of(9L)), AT),
                new TenantEvent.Reserved(List.of(reservation)),
                new TenantEvent.Settled(List.of(settlement)),
                new TenantEvent.Released(List.of("r"), true),
                new TenantEvent.Booked(7),
                new TenantEvent.HoldingsChanged(List.of(holding), List.of(new KnowledgeBaseId("gone"))),
                new TenantEvent.Deleted(AT),
                tenant,
                new KnowledgeBaseEvent.ItemsStaged(
                        List.of(new Version(DOCUMENT, 2)), List.of(new Version(DOCUMENT, 1)), 7, 800, AT),
                new KnowledgeBaseEvent.Created(new UserId("u"), PROFILE, SEARCH, Optional.empty(), AT),
                new KnowledgeBaseEvent.ProfileChanged(PROFILE, AT),
                new KnowledgeBaseEvent.SearchConfigured(SEARCH, AT),
                new KnowledgeBaseEvent.Shared("slug", AT),
                new KnowledgeBaseEvent.Unshared(AT),
                new KnowledgeBaseEvent.DocumentAdded(DOCUMENT, FILE, JOB, AT),
                new KnowledgeBaseEvent.VersionBegun(DOCUMENT, 2, Optional.of(FILE), JOB, AT),
                new KnowledgeBaseEvent.DocumentRemoved(DOCUMENT, AT),
                new KnowledgeBaseEvent.JobStaged(DOCUMENT, JOB, READ, Optional.of(AT), AT),
                new KnowledgeBaseEvent.JobFailed(
                        DOCUMENT, JOB, new Job.Error("empty", "The file is empty"), Optional.empty(), AT),
                new KnowledgeBaseEvent.JobCancelled(DOCUMENT, JOB, AT),
                publication,
                new KnowledgeBaseEvent.Published(4, AT),
                new KnowledgeBaseEvent.Swept(List.of(new Version(DOCUMENT, 1)), List.of()),
                new KnowledgeBaseEvent.ReembeddingStarted(OLD, NEW, AT),
                new KnowledgeBaseEvent.ReembeddingCancelled(AT),
                new KnowledgeBaseEvent.Reembedded(NEW, AT, AT),
                new KnowledgeBaseEvent.VectorsErased(OLD, AT),
                new KnowledgeBaseEvent.Deleted(AT),
                new KnowledgeBaseEvent.Erased(AT),
                knowledgeBase,
                new ConversationStarted(new KnowledgeBaseId("kb"), Optional.of(new UserId("u")), Optional.of(TEXT), AT),
                new TurnStarted(1, TEXT, 3, AT),
                new ReplyGrew(1, PROGRESS),
                new TurnCompleted(1, PROGRESS, ENDING),
                new TurnFailed(1, PROGRESS, new Ending.Failure("interrupted", "cut"), AT),
                new TurnStopped(1, Progress.NONE, AT),
                new TurnRated(1, FEEDBACK),
                new ConversationClosed(AT),
                conversation);
    }

    private static Path file(String name) {
        return FOLDER.resolve(name + ".cbor");
    }

    @ParameterizedTest
    @MethodSource("examples")
    void yesterdaysBytesAreReadAsTheyWereMeant(Object example) throws IOException {
        String name = SERIALIZER.manifest(example);
        if (!Files.exists(file(name)) && System.getenv("GOLDEN_WRITE") != null) {
            Files.createDirectories(FOLDER);
            Files.write(file(name), SERIALIZER.toBinary(example));
        }
        assertThat(file(name)).exists();

        Object read = SERIALIZER.fromBinary(Files.readAllBytes(file(name)), name);

        // Compared as bytes of today: records hold arrays, which compare by identity.
        assertThat(SERIALIZER.toBinary(read)).isEqualTo(SERIALIZER.toBinary(example));
    }

    @Test
    void everyStoredTypeHasAnExample() {
        List<String> names = new ArrayList<>();
        examples().forEach(example -> names.add(SERIALIZER.manifest(example)));

        assertThat(names).containsExactlyInAnyOrderElementsOf(TYPES.names());
    }

    /** The file of the first form of an event can't show its later fields. */
    @Test
    void anEmbeddingThatIsSaidIsKept() {
        var born = new KnowledgeBaseEvent.Created(new UserId("u"), PROFILE, SEARCH, Optional.of(NEW), AT);
        KnowledgeBase changing = KnowledgeBase.NONE
                .apply(born)
                .apply(new KnowledgeBaseEvent.Reembedded(OLD, AT, AT))
                .apply(new KnowledgeBaseEvent.ReembeddingStarted(OLD, NEW, AT))
                .apply(new KnowledgeBaseEvent.ReembeddingCancelled(AT))
                .apply(new KnowledgeBaseEvent.ReembeddingStarted(OLD, new Embedding("third", 8), AT));

        for (Object each : List.of(born, changing)) {
            Object read = SERIALIZER.fromBinary(SERIALIZER.toBinary(each), SERIALIZER.manifest(each));
            assertThat(SERIALIZER.toBinary(read)).isEqualTo(SERIALIZER.toBinary(each));
        }
        KnowledgeBase read =
                (KnowledgeBase) SERIALIZER.fromBinary(SERIALIZER.toBinary(changing), SERIALIZER.manifest(changing));
        assertThat(read.embedding()).contains(OLD);
        assertThat(read.reembedding().orElseThrow().to().model()).isEqualTo("third");
        assertThat(read.retired()).hasSize(1);
    }

    @Test
    void fieldsThatComeLaterAreAbsentInOlderBytes() throws IOException {
        byte[] older = new com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper()
                .writeValueAsBytes(java.util.Map.of("slug", "s", "at", AT.toString(), "dropped", 1));

        assertThat(SERIALIZER.fromBinary(older, "kb.shared.v1")).isEqualTo(new KnowledgeBaseEvent.Shared("s", AT));
    }
}
