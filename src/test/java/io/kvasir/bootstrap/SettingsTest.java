package io.kvasir.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.kvasir.answering.AnsweringSettings;
import io.kvasir.conversation.ConversationSettings;
import io.kvasir.http.RateLimits;
import io.kvasir.identity.AccountSettings;
import io.kvasir.identity.OAuthSettings;
import io.kvasir.identity.TokenSettings;
import io.kvasir.ingestion.faq.FaqSettings;
import io.kvasir.ingestion.mailbox.MailboxSettings;
import io.kvasir.ingestion.source.SourceSettings;
import io.kvasir.ingestion.web.WebSourceSettings;
import io.kvasir.knowledgebase.KnowledgeBaseSettings;
import io.kvasir.llm.ChatModels;
import io.kvasir.llm.Price;
import io.kvasir.llm.provider.ProviderSettings;
import io.kvasir.mail.MailSettings;
import io.kvasir.observability.TraceSettings;
import io.kvasir.outbound.OutboundSettings;
import io.kvasir.privacy.PrivacySettings;
import io.kvasir.retrieval.RememberingEmbedder;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.retrieval.VectorSpace;
import io.kvasir.retrieval.qdrant.QdrantSettings;
import io.kvasir.retrieval.remote.RemoteEmbedderSettings;
import io.kvasir.tenancy.TenancySettings;
import io.kvasir.tenancy.domain.Meter;
import io.kvasir.tenancy.domain.Plan;
import io.kvasir.tenancy.domain.Plans;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every default, pinned: changing one is a decision, not an accident. */
class SettingsTest {
    private static final Settings DEFAULTS = Settings.of(ConfigFactory.load());

    private static Settings with(String hocon) {
        Config config = ConfigFactory.parseString(hocon)
                .withFallback(ConfigFactory.load())
                .resolve();
        return Settings.of(config);
    }

    @Test
    void listensOnLoopbackAlone() {
        assertThat(DEFAULTS.http()).isEqualTo(new Settings.Http("127.0.0.1", 8080, 0));
    }

    @Test
    void nothingIsTraced() {
        assertThat(DEFAULTS.traces()).isEqualTo(new TraceSettings(Optional.empty(), 1));
        assertThatThrownBy(() -> with("kvasir.traces.endpoint = \"collector\""))
                .hasMessageContaining("traces.endpoint");
        assertThatThrownBy(() -> with("kvasir.traces.share = 2")).hasMessageContaining("traces.share");
    }

    @Test
    void nobodyAsksTooOften() {
        Duration minute = Duration.ofMinutes(1);
        assertThat(DEFAULTS.rateLimits())
                .isEqualTo(new RateLimits.Settings(
                        true,
                        new RateLimits.Rate(600, minute, 12_000),
                        new RateLimits.Rate(100, minute, 3_000),
                        new RateLimits.Rate(60, minute, 300),
                        new RateLimits.Rate(6_000, minute, 30_000),
                        100_000));
        assertThat(with("kvasir.http.rate-limits.on = false").rateLimits().on()).isFalse();
        assertThatThrownBy(() -> with("kvasir.http.rate-limits.user.requests = 0"))
                .hasMessageContaining("rate");
    }

    @Test
    void showsTheDemoAtTheFrontAndIsFramedAndListedByNobody() {
        assertThat(DEFAULTS.web()).isEqualTo(new io.kvasir.http.WebSettings(java.util.List.of(), false, "demo"));
        assertThat(with("kvasir.web.frame-origins = \"https://a.example, https://b.example\"")
                        .web()
                        .frameOrigins())
                .containsExactly("https://a.example", "https://b.example");
    }

    @Test
    void isAClusterOfOne() {
        assertThat(DEFAULTS.cluster())
                .isEqualTo(new ClusterSettings(
                        List.of(), Set.of("entities"), Optional.empty(), Optional.empty(), Duration.ofSeconds(2)));
        assertThat(DEFAULTS.config().getStringList("pekko.cluster.roles")).containsExactly("entities");
        assertThat(DEFAULTS.config().getString("pekko.cluster.sharding.role")).isEqualTo("entities");
        assertThat(DEFAULTS.config().getStringList("pekko.cluster.seed-nodes")).isEmpty();
        assertThat(DEFAULTS.config().getString("pekko.remote.artery.canonical.hostname"))
                .isEqualTo("127.0.0.1");
        assertThat(DEFAULTS.config().getInt("pekko.remote.artery.canonical.port"))
                .isZero();
    }

    /** What is larger is lost between two servers; {@code FrameTest} sends a turn as large as this allows. */
    @Test
    void theLargestTurnPassesBetweenServers() {
        assertThat(DEFAULTS.config().getBytes("pekko.remote.artery.advanced.maximum-frame-size"))
                .isEqualTo(ConversationSettings.FRAME);
        assertThat(replying(400_000).longestReply()).isEqualTo(400_000);
        assertThatThrownBy(() -> replying(500_000)).hasMessageStartingWith("kvasir.conversation.longest-reply must be");
        assertThatThrownBy(() -> conversing(400_000, Duration.ofDays(1)))
                .hasMessageStartingWith("kvasir.conversation.longest-turn has more");
    }

    private static ConversationSettings replying(int longestReply) {
        return conversing(longestReply, DEFAULTS.conversation().longestTurn());
    }

    private static ConversationSettings conversing(int longestReply, Duration longestTurn) {
        ConversationSettings d = DEFAULTS.conversation();
        return new ConversationSettings(
                d.longestQuestion(),
                longestReply,
                d.maxTurns(),
                d.historyTurns(),
                longestTurn,
                d.checkpointEvery(),
                d.keepAlive(),
                d.idle(),
                d.answerWithin(),
                d.snapshotEvery(),
                d.drain(),
                d.keepBeforeShowing());
    }

    /** What operations.md says of how long a server may stand still, and decision 61 of how long silence is waited for. */
    @Test
    void aServerMayStandStillForSevenSeconds() {
        com.typesafe.config.Config pekko = DEFAULTS.config().getConfig("pekko.cluster");

        assertThat(pekko.getString("split-brain-resolver.active-strategy")).isEqualTo("keep-majority");
        assertThat(pekko.getDuration("failure-detector.heartbeat-interval")).isEqualTo(Duration.ofMillis(300));
        assertThat(pekko.getDuration("failure-detector.acceptable-heartbeat-pause"))
                .isEqualTo(Duration.ofSeconds(1));
        assertThat(pekko.getDuration("split-brain-resolver.stable-after")).isEqualTo(Duration.ofSeconds(5));
        assertThat(pekko.getDuration("split-brain-resolver.down-all-when-unstable"))
                .isEqualTo(Duration.ofSeconds(4));
        assertThat(pekko.getDuration("down-removal-margin")).isEqualTo(Duration.ofMillis(500));
        assertThat(pekko.getDuration("sharding.updating-state-timeout")).isEqualTo(Duration.ofSeconds(1));
        assertThat(pekko.getDuration("sharding.waiting-for-state-timeout")).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void severalServersShareDatabaseIndexAndMasterKeyOrDoNotStart() {
        String seeds = "kvasir.cluster.seeds = \"a.example:7001, b.example:7001\"\n";
        String database = "kvasir.database.url = \"jdbc:postgresql://db/kvasir\"\n";
        String index = "kvasir.index.kind = qdrant\n";
        String key = "kvasir.master-key = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\n";

        assertThatThrownBy(() -> with(seeds + index + key)).hasMessageContaining("KVASIR_DATABASE_URL");
        assertThatThrownBy(() -> with(seeds + database + key)).hasMessageContaining("KVASIR_INDEX");
        assertThatThrownBy(() -> with(seeds + database + index)).hasMessageContaining("KVASIR_MASTER_KEY");
        assertThatThrownBy(() -> with("kvasir.cluster.seeds = \"a b:1\"")).hasMessageContaining("host:port");
        assertThat(with(seeds + database + index + key).config().getStringList("pekko.cluster.seed-nodes"))
                .containsExactly("pekko://kvasir@a.example:7001", "pekko://kvasir@b.example:7001");
    }

    @Test
    void keepsItsDataInOneFolder() {
        Path data = Path.of("data").toAbsolutePath();

        assertThat(DEFAULTS.dataDir()).isEqualTo(data);
        assertThat(DEFAULTS.backupFolder()).isEqualTo(data.resolve("backups"));
        assertThat(DEFAULTS.database().url())
                .isEqualTo("jdbc:h2:file:" + data.resolve("kvasir")
                        + ";WRITE_DELAY=0;AUTO_COMPACT_FILL_RATE=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0");
        assertThat(DEFAULTS.database().poolSize()).isEqualTo(20);
        assertThat(DEFAULTS.journalConnections()).isEqualTo(8);
        assertThat(DEFAULTS.projectionConnections()).isEqualTo(2);
        assertThat(DEFAULTS.database().connectionTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(DEFAULTS.database().answerWithin()).isEqualTo(Duration.ofSeconds(60));
        assertThat(DEFAULTS.database().migrate()).isTrue();
        for (String plugin : List.of("jdbc-journal", "jdbc-snapshot-store")) {
            assertThat(DEFAULTS.config().getDuration(plugin + ".circuit-breaker.reset-timeout"))
                    .isEqualTo(Duration.ofSeconds(2));
        }
        assertThat(DEFAULTS.ingestion().workDir()).isEqualTo(data.resolve("work"));
    }

    @Test
    void findsPassagesInTheDataDirectory() {
        assertThat(DEFAULTS.index().kind()).isEqualTo(IndexSettings.Kind.LUCENE);
        assertThat(DEFAULTS.index().qdrant())
                .isEqualTo(new QdrantSettings(
                        URI.create("http://127.0.0.1:6334"),
                        Optional.empty(),
                        "kvasir",
                        new QdrantSettings.Timeouts(
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(30),
                                Duration.ofMillis(100),
                                Duration.ofSeconds(2)),
                        new QdrantSettings.Hnsw(16, 100, 16_384, 0),
                        new QdrantSettings.Quantization(QdrantSettings.Quantization.Kind.NONE, 2),
                        false,
                        1,
                        1));
    }

    @Test
    void makesAnOwnerAndADemo() {
        assertThat(DEFAULTS.owner()).isEqualTo(new Settings.Owner("owner@localhost", Optional.empty()));
        assertThat(DEFAULTS.demo()).isTrue();
        assertThat(DEFAULTS.masterKey()).isEmpty();
    }

    @Test
    void tokensAreShort() {
        assertThat(DEFAULTS.tokens())
                .isEqualTo(new TokenSettings("kvasir", Duration.ofMinutes(15), Duration.ofMinutes(15)));
        assertThatThrownBy(() -> with("kvasir.identity.visitor-token = 16m")).hasMessageContaining("visitor-token");
    }

    @Test
    void accounts() {
        assertThat(DEFAULTS.accounts())
                .isEqualTo(new AccountSettings(
                        AccountSettings.Registration.INVITATION,
                        Optional.empty(),
                        Duration.ofDays(7),
                        Duration.ofDays(30),
                        Duration.ofDays(30),
                        Duration.ofDays(7),
                        Duration.ofHours(1),
                        new AccountSettings.PasswordRules(12, Optional.empty()),
                        new AccountSettings.Patience(10, 100, Duration.ofMinutes(15))));
        assertThatThrownBy(() -> with("kvasir.identity.shortest-password = 8")).hasMessageContaining("shortest");
        assertThatThrownBy(() -> with("kvasir.identity.public-url = \"https://x/path\""))
                .hasMessageContaining("public-url");
        assertThatThrownBy(() -> with("kvasir.identity.session = 1d")).hasMessageContaining("refresh-token");
    }

    @Test
    void nobodyComesFromElsewhereUnlessConfigured() {
        assertThat(DEFAULTS.oauth().providers()).isEmpty();
        assertThat(with("kvasir.identity.oauth { google.client-id = g, github.client-id = h }")
                        .oauth()
                        .providers())
                .containsExactly(
                        new OAuthSettings.Provider(
                                "github",
                                OAuthSettings.Kind.GITHUB,
                                URI.create("https://github.com"),
                                URI.create("https://api.github.com"),
                                "h",
                                "",
                                List.of("read:user", "user:email"),
                                true),
                        new OAuthSettings.Provider(
                                "google",
                                OAuthSettings.Kind.OIDC,
                                URI.create("https://accounts.google.com"),
                                URI.create("https://accounts.google.com"),
                                "g",
                                "",
                                List.of("openid", "email", "profile"),
                                true));
    }

    @Test
    void mailsStayHereUnlessConfigured() {
        assertThat(DEFAULTS.mail())
                .isEqualTo(new MailSettings(
                        Optional.empty(),
                        "kvasir@localhost",
                        Path.of("data").toAbsolutePath().resolve("outbox")));
        assertThat(with("kvasir.mail.smtp.host = smtp.example").mail().smtp())
                .contains(new MailSettings.Smtp(
                        "smtp.example",
                        587,
                        MailSettings.Security.STARTTLS,
                        Optional.empty(),
                        "",
                        Duration.ofSeconds(10),
                        4));
    }

    @Test
    void knowledgeBases() {
        assertThat(DEFAULTS.knowledgeBase())
                .isEqualTo(new KnowledgeBaseSettings(
                        512L * 1024 * 1024,
                        50,
                        10_000,
                        5,
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(5),
                        200,
                        "extractive",
                        "extractive",
                        0.2,
                        800,
                        new RetrievalSettings(
                                SearchMode.HYBRID,
                                5,
                                0.003,
                                100,
                                0.7,
                                RetrievalSettings.Rerank.NONE,
                                0.7,
                                256,
                                32,
                                3_000),
                        new KnowledgeBaseSettings.Reembedding(
                                2, Duration.ofSeconds(2), Duration.ofMinutes(5), Duration.ofSeconds(60))));
    }

    @Test
    void ingestion() {
        assertThat(DEFAULTS.ingestion().smallAtOnce()).isEqualTo(2);
        assertThat(DEFAULTS.ingestion().largeAtOnce()).isEqualTo(1);
        assertThat(DEFAULTS.ingestion().largeFrom()).isEqualTo(1024 * 1024);
        assertThat(DEFAULTS.ingestion().parserTimeout()).isEqualTo(Duration.ofSeconds(120));
        assertThat(DEFAULTS.ingestion().parserHeap()).isEqualTo("512m");
        assertThat(DEFAULTS.ingestion().mostCharacters()).isEqualTo(20_000_000);
        assertThat(DEFAULTS.ingestion().mostEmbedded()).isEqualTo(200);
    }

    @Test
    void sources() {
        assertThat(DEFAULTS.sources())
                .isEqualTo(new SourceSettings(
                        8,
                        64,
                        4,
                        4,
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(30),
                        Duration.ofMinutes(1),
                        Duration.ofHours(6),
                        8,
                        100,
                        200));
        assertThat(DEFAULTS.webSources()).isEqualTo(new WebSourceSettings(Duration.ofMillis(500), 4, 50_000, "kvasir"));
        assertThat(DEFAULTS.outbound())
                .isEqualTo(new OutboundSettings(
                        List.of(), 5, 20 * 1024 * 1024, Duration.ofSeconds(5), Duration.ofSeconds(30), "Kvasir/1.0"));
        assertThat(DEFAULTS.faq()).isEqualTo(new FaqSettings(10_000, 5 * 1024 * 1024));
    }

    @Test
    void mailboxes() {
        assertThat(DEFAULTS.email())
                .isEqualTo(new MailboxSettings(
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(60),
                        50L * 1024 * 1024,
                        100_000,
                        List.of(
                                new MailboxSettings.Provider(
                                        "gmail",
                                        "imap.gmail.com",
                                        993,
                                        URI.create("https://accounts.google.com/o/oauth2/v2/auth"),
                                        URI.create("https://oauth2.googleapis.com/token"),
                                        "",
                                        "",
                                        List.of("https://mail.google.com/"),
                                        List.of("access_type=offline", "prompt=consent")),
                                new MailboxSettings.Provider(
                                        "outlook",
                                        "outlook.office365.com",
                                        993,
                                        URI.create("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
                                        URI.create("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
                                        "",
                                        "",
                                        List.of("offline_access", "https://outlook.office.com/IMAP.AccessAsUser.All"),
                                        List.of("prompt=select_account")))));
    }

    @Test
    void conversations() {
        assertThat(DEFAULTS.conversation())
                .isEqualTo(new ConversationSettings(
                        100_000,
                        400_000,
                        1_000,
                        6,
                        Duration.ofMinutes(10),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(15),
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(10),
                        100,
                        Duration.ZERO,
                        false));
        assertThat(DEFAULTS.config().getDuration("kvasir.conversation.drain")).isEqualTo(Duration.ofSeconds(10));
        assertThat(DEFAULTS.answering()).isEqualTo(new AnsweringSettings(2_000, 300));
    }

    @Test
    void tenancy() {
        Map<Meter, Long> free = Map.of(
                Meter.KNOWLEDGE_BASES, 3L,
                Meter.DOCUMENTS, 100L,
                Meter.STORAGE_BYTES, 100L << 20,
                Meter.MESSAGES, 500L,
                Meter.TOKENS, 2_000_000L,
                Meter.SPEND_MICROS, 1_000_000L);
        Map<Meter, Long> pro = Map.of(
                Meter.KNOWLEDGE_BASES, 20L,
                Meter.DOCUMENTS, 2_000L,
                Meter.STORAGE_BYTES, 5L << 30,
                Meter.MESSAGES, 10_000L,
                Meter.TOKENS, 50_000_000L,
                Meter.SPEND_MICROS, 50_000_000L);
        Map<Meter, Long> business = Map.of(
                Meter.KNOWLEDGE_BASES, 200L,
                Meter.DOCUMENTS, 50_000L,
                Meter.STORAGE_BYTES, 100L << 30,
                Meter.MESSAGES, 200_000L,
                Meter.TOKENS, 1_000_000_000L,
                Meter.SPEND_MICROS, 1_000_000_000L);
        assertThat(DEFAULTS.tenancy())
                .isEqualTo(new TenancySettings(
                        new Plans(
                                Map.of(
                                        "free", new Plan("free", free),
                                        "pro", new Plan("pro", pro),
                                        "business", new Plan("business", business),
                                        "enterprise", new Plan("enterprise", Map.of())),
                                "free"),
                        "enterprise",
                        Duration.ofMinutes(15),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(5),
                        500));
    }

    @Test
    void privacy() {
        assertThat(DEFAULTS.privacy())
                .isEqualTo(new PrivacySettings(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofHours(6)));
    }

    @Test
    void aPlanOfOnesOwnIsOneMoreEntry() {
        assertThat(with("kvasir.tenancy { first-plan = tiny, plans.tiny { messages = 1 } }")
                        .tenancy()
                        .plans()
                        .of(Optional.empty()))
                .isEqualTo(new Plan("tiny", Map.of(Meter.MESSAGES, 1L)));
        assertThatThrownBy(() -> with("kvasir.tenancy.first-plan = none")).hasMessageContaining("none");
        assertThatThrownBy(() -> with("kvasir.tenancy.plans.free.messages = -1"))
                .hasMessageContaining("messages");
    }

    @Test
    void everyProviderIsOfferedWithItsKeyAndCalledAlike() {
        List<Providers.Provider> all = with("""
                        kvasir.llm.providers { openai.api-key = a, anthropic.api-key = b, gemini.api-key = c
                          compatible.base-url = "http://127.0.0.1:11434/v1" }""").providers().all();
        assertThat(all.stream()
                        .map(p -> p.settings().name() + " " + p.kind() + " "
                                + p.settings().baseUrl()))
                .containsExactly(
                        "anthropic anthropic https://api.anthropic.com/v1",
                        "compatible openai http://127.0.0.1:11434/v1",
                        "gemini gemini https://generativelanguage.googleapis.com/v1beta",
                        "openai openai https://api.openai.com/v1");
        assertThat(all.stream().map(Providers.Provider::models))
                .containsExactly(
                        List.of("claude-haiku-5-5", "claude-sonnet-5-5"),
                        List.of(),
                        List.of("gemini-2.5-flash", "gemini-2.5-pro"),
                        List.of("gpt-4o-mini", "gpt-4o"));
        assertThat(all.stream().map(Providers.Provider::reasoningTokens)).containsExactly(4000, 0, 4000, 0);
        assertThat(all).allSatisfy(p -> {
            assertThat(p.limitField()).isEqualTo("max_tokens");
            assertThat(p.temperature()).isTrue();
            assertThat(p.fallback()).isEmpty();
            assertThat(p.prices().keySet()).containsExactlyInAnyOrderElementsOf(p.models());
            assertThat(p.settings().timeouts())
                    .isEqualTo(new ProviderSettings.Timeouts(
                            Duration.ofSeconds(5),
                            Duration.ofSeconds(30),
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(5)));
            assertThat(p.settings().retries())
                    .isEqualTo(new ProviderSettings.Retries(3, Duration.ofMillis(250), Duration.ofSeconds(5)));
            assertThat(p.settings().pool()).isEqualTo(new ProviderSettings.Pool(2048, 4096));
            assertThat(p.settings().limits()).isEqualTo(new ProviderSettings.Limits(0));
            assertThat(p.settings().pause()).isEqualTo(new ProviderSettings.Pause(10, Duration.ofSeconds(10)));
        });
        assertThat(all.getLast().prices().get("gpt-4o-mini")).isEqualTo(new Price(150_000, 600_000, 75_000));
    }

    @Test
    void embedsByItselfUnlessToldOtherwise() {
        assertThat(DEFAULTS.embedding())
                .isEqualTo(new Embedding("bge-small-en-v1.5-q", List.of(), new RememberingEmbedder.Size(1_000, 4_000)));
        Embedding keyed = with("""
                        kvasir.llm.providers { openai.api-key = a, gemini.api-key = b
                          compatible.base-url = "http://127.0.0.1:11434/v1" }
                        kvasir.retrieval.embedder = gemini-embedding-001""").embedding();
        assertThat(keyed.remote().stream().map(Embedding.Remote::settings))
                .containsExactly(
                        new RemoteEmbedderSettings(
                                "gemini-embedding-001", "gemini-embedding-001", 768, 2000, 64, 18_000, 4),
                        new RemoteEmbedderSettings("nomic-embed-text", "nomic-embed-text", 768, 2000, 32, 16_000, 2),
                        new RemoteEmbedderSettings(
                                "text-embedding-3-large", "text-embedding-3-large", 1024, 8000, 64, 100_000, 4),
                        new RemoteEmbedderSettings(
                                "text-embedding-3-small", "text-embedding-3-small", 1024, 8000, 64, 100_000, 4));
        assertThat(keyed.remote().stream().map(Embedding.Remote::sendDimensions))
                .containsExactly(true, false, true, true);
        assertThat(keyed.space(() -> {
                    throw new AssertionError("not asked");
                }))
                .isEqualTo(new VectorSpace("gemini-embedding-001", 768));
        assertThatThrownBy(() -> with("kvasir.retrieval.embedder = gemini-embedding-001"))
                .hasMessageContaining("kvasir.retrieval.embedder");
    }

    @Test
    void aProviderMayBeNamedAsOneLikes() {
        Providers.Provider own = with("""
                        kvasir.llm.providers.house { kind = openai, base-url = "http://10.0.0.7:8000/v1", models = [m]
                          fallback { provider = openai, model = gpt-4o } }""").providers().all().getFirst();
        assertThat(own.settings().name()).isEqualTo("house");
        assertThat(own.fallback()).contains(new ChatModels.Fallback("openai", "gpt-4o"));
        assertThatThrownBy(() ->
                        with("kvasir.llm.providers.house { kind = magic, base-url = \"http://x/v1\", models = [] }"))
                .hasMessageContaining("house");
    }

    @Test
    void withoutAKeyNoPaidProviderIsOffered() {
        assertThat(DEFAULTS.providers().all()).isEmpty();
        assertThat(with("kvasir.llm.providers.openai.api-key = secret")
                        .providers()
                        .all())
                .hasSize(1);
        assertThat(with("kvasir.llm.providers.openai.base-url = \"http://127.0.0.1:11434/v1\"")
                        .providers()
                        .all())
                .hasSize(1);
    }

    @Test
    void noSecretIsEverPrinted() {
        assertThat(with("kvasir.database.url = \"jdbc:postgresql://db/kvasir?password=s3cr3t\"")
                        .database()
                        .toString())
                .doesNotContain("s3cr3t");
        Settings settings = with(
                "kvasir.llm.providers.openai.api-key = s3cr3t\nkvasir.llm.providers.anthropic.api-key = s3cr3t\nkvasir.llm.providers.gemini.api-key = s3cr3t\nkvasir.database.password = s3cr3t\nkvasir.owner.password = s3cr3t\nkvasir.index.qdrant.api-key = s3cr3t");

        assertThat(settings.providers().toString() + settings.database() + settings.owner() + settings.index())
                .doesNotContain("s3cr3t");
    }

    @Test
    void aWrongSettingSaysWhichItIs() {
        assertThatThrownBy(() -> with("kvasir.http.port = 70000")).hasMessageContaining("kvasir.http.port");
        assertThatThrownBy(() -> with("kvasir.index.kind = magic")).hasMessageContaining("kvasir.index.kind");
        assertThatThrownBy(() -> with("kvasir.index.qdrant.url = \"localhost:6334\""))
                .hasMessageContaining("qdrant.url");
        assertThatThrownBy(() -> with("kvasir.database.pool-size = 1")).hasMessageContaining("pool-size");
        assertThatThrownBy(() -> with("kvasir.database.url = \"postgres://db/kvasir\""))
                .hasMessageContaining("kvasir.database.url");
        assertThatThrownBy(() -> with("kvasir.knowledge-base.retrieval.mode = magic"))
                .hasMessageContaining("mode");
    }

    @Test
    void entitiesLeaveMemoryByThemselvesAlone() {
        assertThat(DEFAULTS.config().getString("pekko.cluster.sharding.passivation.strategy"))
                .isEqualTo("none");
    }
}
