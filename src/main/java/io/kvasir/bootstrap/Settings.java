package io.kvasir.bootstrap;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import io.kvasir.answering.AnsweringSettings;
import io.kvasir.conversation.ConversationSettings;
import io.kvasir.http.RateLimits;
import io.kvasir.http.WebSettings;
import io.kvasir.identity.AccountSettings;
import io.kvasir.identity.OAuthSettings;
import io.kvasir.identity.TokenSettings;
import io.kvasir.ingestion.IngestionSettings;
import io.kvasir.ingestion.faq.FaqSettings;
import io.kvasir.ingestion.mailbox.MailboxSettings;
import io.kvasir.ingestion.source.SourceSettings;
import io.kvasir.ingestion.web.WebSourceSettings;
import io.kvasir.jdbc.DatabaseSettings;
import io.kvasir.knowledgebase.KnowledgeBaseSettings;
import io.kvasir.mail.MailSettings;
import io.kvasir.observability.TraceSettings;
import io.kvasir.outbound.Network;
import io.kvasir.outbound.OutboundSettings;
import io.kvasir.privacy.PrivacySettings;
import io.kvasir.retrieval.RetrievalSettings;
import io.kvasir.retrieval.SearchMode;
import io.kvasir.tenancy.TenancySettings;
import io.kvasir.tenancy.domain.Meter;
import io.kvasir.tenancy.domain.Plan;
import io.kvasir.tenancy.domain.Plans;
import java.io.File;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All settings as validated records: the one place that reads the configuration. */
public record Settings(
        Config config,
        Path dataDir,
        Http http,
        RateLimits.Settings rateLimits,
        WebSettings web,
        TraceSettings traces,
        Owner owner,
        boolean demo,
        Path backupFolder,
        Optional<String> masterKey,
        DatabaseSettings database,
        int journalConnections,
        int projectionConnections,
        IndexSettings index,
        ClusterSettings cluster,
        TokenSettings tokens,
        AccountSettings accounts,
        OAuthSettings oauth,
        MailSettings mail,
        KnowledgeBaseSettings knowledgeBase,
        TenancySettings tenancy,
        PrivacySettings privacy,
        IngestionSettings ingestion,
        SourceSettings sources,
        FaqSettings faq,
        WebSourceSettings webSources,
        OutboundSettings outbound,
        MailboxSettings email,
        ConversationSettings conversation,
        AnsweringSettings answering,
        Providers providers,
        Embedding embedding) {
    public Settings {
        if (database.poolSize() < journalConnections + projectionConnections + 2) {
            throw new IllegalArgumentException(
                    "kvasir.database.pool-size must be 2 more than the connections of journal and projections at least");
        }
    }

    /** Where to listen. @param proxies of our own in front, whose {@code X-Forwarded-For} is believed */
    public record Http(String host, int port, int proxies) {
        public Http {
            if (proxies < 0) {
                throw new IllegalArgumentException("kvasir.http.proxies must be 0 or more");
            }
            if (port < 0 || port > 65_535) {
                throw new IllegalArgumentException("kvasir.http.port must be 0 to 65535");
            }
        }
    }

    /** The first owner. @param password empty to have one made up */
    public record Owner(String email, Optional<String> password) {
        @Override
        public String toString() {
            return "Owner[email=" + email + "]";
        }
    }

    /** The defaults, the environment's changes, and the file named by {@code KVASIR_CONFIG} over both. */
    public static Settings load() {
        Config base = ConfigFactory.load();
        String file = System.getenv("KVASIR_CONFIG");
        return of(
                file == null || file.isBlank()
                        ? base
                        : ConfigFactory.parseFile(
                                        new File(file),
                                        com.typesafe.config.ConfigParseOptions.defaults()
                                                .setAllowMissing(false))
                                .withFallback(base)
                                .resolve());
    }

    /** @throws RuntimeException naming the setting that is missing or wrong */
    public static Settings of(Config config) {
        Config kvasir = config.getConfig("kvasir");
        Path dataDir = Path.of(kvasir.getString("data-dir")).toAbsolutePath().normalize();
        Config database = kvasir.getConfig("database");
        String url = database.getString("url");
        boolean postgresql = url.startsWith("jdbc:postgresql:");
        Providers providers = Providers.of(kvasir.getConfig("llm"));
        IndexSettings index = IndexSettings.of(kvasir.getConfig("index"));
        ClusterSettings cluster = ClusterSettings.of(kvasir);
        cluster.require(
                !postgresql,
                index.kind() == IndexSettings.Kind.LUCENE,
                told(kvasir, "master-key").isEmpty());
        return new Settings(
                cluster.into(config.withValue(
                        "pekko.projection.jdbc.dialect",
                        ConfigValueFactory.fromAnyRef(postgresql ? "postgres-dialect" : "h2-dialect"))),
                dataDir,
                new Http(kvasir.getString("http.host"), kvasir.getInt("http.port"), kvasir.getInt("http.proxies")),
                limits(kvasir.getConfig("http.rate-limits")),
                new WebSettings(
                        told(kvasir, "web.frame-origins").stream()
                                .flatMap(text -> Arrays.stream(text.split("[\\s,]+")))
                                .toList(),
                        kvasir.getBoolean("web.index-public-pages"),
                        kvasir.getString("web.front")),
                new TraceSettings(told(kvasir, "traces.endpoint").map(URI::create), kvasir.getDouble("traces.share")),
                new Owner(kvasir.getString("owner.email"), told(kvasir, "owner.password")),
                kvasir.getBoolean("demo"),
                told(kvasir, "backup-folder").map(Path::of).orElse(dataDir.resolve("backups")),
                told(kvasir, "master-key"),
                new DatabaseSettings(
                        // WRITE_DELAY=0: a commit is written before anyone is told. Then H2 has no thread that compacts
                        // beside the work (one lost commits when the process was killed, seen with 2.5.252); Database
                        // does what of it is safe.
                        url.isEmpty()
                                ? "jdbc:h2:file:" + dataDir.resolve("kvasir")
                                        + ";WRITE_DELAY=0;AUTO_COMPACT_FILL_RATE=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0"
                                : url,
                        database.getString("user"),
                        database.getString("password"),
                        database.getInt("pool-size"),
                        database.getDuration("connection-timeout"),
                        database.getDuration("answer-within"),
                        database.getBoolean("migrate")),
                database.getInt("journal-connections"),
                database.getInt("projection-connections"),
                index,
                cluster,
                new TokenSettings(
                        kvasir.getString("identity.issuer"),
                        kvasir.getDuration("identity.access-token"),
                        kvasir.getDuration("identity.visitor-token")),
                accounts(kvasir.getConfig("identity")),
                oauth(kvasir.getConfig("identity.oauth")),
                mail(kvasir.getConfig("mail"), dataDir),
                knowledgeBase(kvasir.getConfig("knowledge-base")),
                tenancy(kvasir.getConfig("tenancy")),
                new PrivacySettings(
                        kvasir.getDuration("privacy.patience"),
                        kvasir.getDuration("privacy.sweep-after"),
                        kvasir.getDuration("privacy.sweep-every")),
                ingestion(kvasir.getConfig("ingestion"), dataDir),
                sources(kvasir.getConfig("sources")),
                new FaqSettings(
                        kvasir.getInt("sources.faq.most-entries"), kvasir.getBytes("sources.faq.largest-import")),
                new WebSourceSettings(
                        kvasir.getDuration("sources.web.pause"),
                        kvasir.getInt("sources.web.pages-at-once"),
                        kvasir.getInt("sources.web.most-pages"),
                        kvasir.getString("sources.web.agent")),
                outbound(kvasir.getConfig("outbound")),
                email(kvasir.getConfig("email")),
                conversation(kvasir.getConfig("conversation"), cluster.several()),
                new AnsweringSettings(
                        kvasir.getInt("answering.history-tokens"), kvasir.getInt("answering.snippet-length")),
                providers,
                Embedding.of(kvasir.getConfig("retrieval"), providers));
    }

    private static AccountSettings accounts(Config c) {
        return new AccountSettings(
                c.getEnum(AccountSettings.Registration.class, "registration"),
                told(c, "public-url").map(URI::create),
                c.getDuration("refresh-token"),
                c.getDuration("session"),
                c.getDuration("signing-key"),
                c.getDuration("invitation"),
                c.getDuration("mailed-link"),
                new AccountSettings.PasswordRules(
                        c.getInt("shortest-password"),
                        told(c, "breached-passwords").map(Path::of)),
                new AccountSettings.Patience(
                        c.getInt("patience.account"), c.getInt("patience.address"), c.getDuration("patience.longest")));
    }

    private static OAuthSettings oauth(Config providers) {
        List<OAuthSettings.Provider> all = new ArrayList<>();
        for (String name : providers.root().keySet().stream().sorted().toList()) {
            Config p = providers.getConfig("\"" + name + "\"");
            if (!p.getString("client-id").isBlank()) {
                all.add(new OAuthSettings.Provider(
                        name,
                        p.getEnum(OAuthSettings.Kind.class, "kind"),
                        URI.create(p.getString("issuer")),
                        URI.create(p.hasPath("api") ? p.getString("api") : p.getString("issuer")),
                        p.getString("client-id"),
                        p.getString("client-secret"),
                        p.getStringList("scopes"),
                        p.getBoolean("trusts-email")));
            }
        }
        return new OAuthSettings(all);
    }

    private static MailboxSettings email(Config c) {
        Config providers = c.getConfig("providers");
        List<MailboxSettings.Provider> all = new ArrayList<>();
        for (String name : providers.root().keySet().stream().sorted().toList()) {
            Config p = providers.getConfig("\"" + name + "\"");
            all.add(new MailboxSettings.Provider(
                    name,
                    p.getString("host"),
                    p.getInt("port"),
                    URI.create(p.getString("authorization-url")),
                    URI.create(p.getString("token-url")),
                    p.getString("client-id"),
                    p.getString("client-secret"),
                    p.getStringList("scopes"),
                    p.getStringList("extra")));
        }
        return new MailboxSettings(
                c.getDuration("connect"),
                c.getDuration("answer"),
                c.getBytes("largest-mail"),
                c.getInt("most-mails"),
                all);
    }

    private static MailSettings mail(Config c, Path dataDir) {
        Config smtp = c.getConfig("smtp");
        return new MailSettings(
                told(smtp, "host")
                        .map(host -> new MailSettings.Smtp(
                                host,
                                smtp.getInt("port"),
                                smtp.getEnum(MailSettings.Security.class, "security"),
                                told(smtp, "user"),
                                smtp.getString("password"),
                                smtp.getDuration("timeout"),
                                smtp.getInt("attempts"))),
                c.getString("from"),
                dataDir.resolve("outbox"));
    }

    private static KnowledgeBaseSettings knowledgeBase(Config c) {
        Config r = c.getConfig("retrieval");
        return new KnowledgeBaseSettings(
                c.getBytes("largest-file"),
                c.getInt("files-at-once"),
                c.getInt("most-documents"),
                c.getInt("kept-revisions"),
                c.getDuration("answer-within"),
                c.getDuration("idle"),
                c.getInt("snapshot-every"),
                c.getString("provider"),
                c.getString("model"),
                c.getDouble("temperature"),
                c.getInt("max-tokens"),
                new RetrievalSettings(
                        r.getEnum(SearchMode.class, "mode"),
                        r.getInt("max-results"),
                        r.getDouble("threshold"),
                        r.getInt("candidates"),
                        r.getDouble("dense-weight"),
                        r.getEnum(RetrievalSettings.Rerank.class, "rerank"),
                        r.getDouble("mmr-lambda"),
                        r.getInt("chunk-tokens"),
                        r.getInt("chunk-overlap-tokens"),
                        r.getInt("context-tokens")),
                new KnowledgeBaseSettings.Reembedding(
                        c.getInt("reembedding.at-once"),
                        c.getDuration("reembedding.first-pause"),
                        c.getDuration("reembedding.longest-pause"),
                        c.getDuration("reembedding.keep-old")));
    }

    private static IngestionSettings ingestion(Config c, Path dataDir) {
        return new IngestionSettings(
                dataDir.resolve("work"),
                c.getInt("small-at-once"),
                c.getInt("large-at-once"),
                c.getBytes("large-from"),
                c.getDuration("parser-timeout"),
                c.getString("parser-heap"),
                c.getInt("most-characters"),
                c.getInt("most-embedded"));
    }

    private static OutboundSettings outbound(Config c) {
        return new OutboundSettings(
                told(c, "allowed-networks").stream()
                        .flatMap(text -> Arrays.stream(text.split("[\\s,]+")))
                        .map(Network::of)
                        .toList(),
                c.getInt("redirects"),
                c.getBytes("largest"),
                c.getDuration("connect"),
                c.getDuration("total"),
                c.getString("user-agent"));
    }

    private static SourceSettings sources(Config c) {
        return new SourceSettings(
                c.getInt("visits-at-once"),
                c.getInt("visits-at-most"),
                c.getInt("visits-of-tenant"),
                c.getInt("items-in-hand"),
                c.getDuration("publish-every"),
                c.getDuration("look"),
                c.getDuration("lease"),
                c.getDuration("retry.first"),
                c.getDuration("retry.longest"),
                c.getInt("retry.most"),
                c.getInt("kept-runs"),
                c.getInt("most-sources"));
    }

    private static ConversationSettings conversation(Config c, boolean several) {
        return new ConversationSettings(
                c.getInt("longest-question"),
                c.getInt("longest-reply"),
                c.getInt("max-turns"),
                c.getInt("history-turns"),
                c.getDuration("longest-turn"),
                c.getDuration("checkpoint-every"),
                c.getDuration("keep-alive"),
                c.getDuration("idle"),
                c.getDuration("answer-within"),
                c.getInt("snapshot-every"),
                several ? c.getDuration("drain") : Duration.ZERO,
                // A server on its own would pay for it with every token, and its readers have nobody else to ask.
                several);
    }

    private static RateLimits.Settings limits(Config c) {
        return new RateLimits.Settings(
                c.getBoolean("on"),
                rate(c.getConfig("address")),
                rate(c.getConfig("user")),
                rate(c.getConfig("visitor")),
                rate(c.getConfig("tenant")),
                c.getInt("most-buckets"));
    }

    private static RateLimits.Rate rate(Config c) {
        return new RateLimits.Rate(c.getLong("requests"), c.getDuration("per"), c.getLong("burst"));
    }

    private static TenancySettings tenancy(Config c) {
        Map<String, Plan> plans = new HashMap<>();
        for (String name : c.getConfig("plans").root().keySet()) {
            Config plan = c.getConfig("plans").getConfig("\"" + name + "\"");
            Map<Meter, Long> limits = new EnumMap<>(Meter.class);
            for (Meter meter : Meter.values()) {
                if (plan.hasPath(meter.label())) {
                    limits.put(
                            meter,
                            meter == Meter.STORAGE_BYTES ? plan.getBytes(meter.label()) : plan.getLong(meter.label()));
                }
            }
            plans.put(name, new Plan(name, limits));
        }
        return new TenancySettings(
                new Plans(plans, c.getString("first-plan")),
                c.getString("owner-plan"),
                c.getDuration("reservation"),
                c.getDuration("answer-within"),
                c.getDuration("idle"),
                c.getInt("snapshot-every"));
    }

    private static Optional<String> told(Config config, String path) {
        return Optional.of(config.getString(path)).filter(s -> !s.isEmpty());
    }
}
