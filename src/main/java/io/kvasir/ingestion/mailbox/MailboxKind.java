package io.kvasir.ingestion.mailbox;

import io.kvasir.http.Json;
import io.kvasir.ingestion.mailbox.Mailbox.Tokens;
import io.kvasir.ingestion.source.Opened;
import io.kvasir.ingestion.source.SourceFault;
import io.kvasir.ingestion.source.SourceKind;
import io.kvasir.ingestion.source.Visit;
import io.kvasir.outbound.AddressGuard;
import java.time.Clock;
import java.util.Optional;
import javax.net.ssl.SSLSocketFactory;

/** Mailboxes read by IMAP: what its own name, password or tokens open. */
public final class MailboxKind implements SourceKind {
    static final String NAME = "email";

    private final MailboxSettings settings;
    private final AddressGuard guard;
    private final SSLSocketFactory tls;
    private final MailTokens tokens;
    private final Clock clock;

    public MailboxKind(MailboxSettings settings, AddressGuard guard, SSLSocketFactory tls, Clock clock) {
        this.settings = settings;
        this.guard = guard;
        this.tls = tls;
        this.tokens = new MailTokens(clock);
        this.clock = clock;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Visit visit(Opened source) throws SourceFault {
        Mailbox box = Mailbox.of(source.settings());
        if (!box.authorized()) {
            throw SourceFault.lasting("not-authorized", "Nobody has authorized the reading of this mailbox yet");
        }
        return new MailboxVisit(box, () -> open(box, source), settings, source, clock);
    }

    @Override
    public Optional<String> thread(String marks) {
        return Optional.of(Json.read(marks, MailboxVisit.Marks.class).thread());
    }

    @Override
    public String shown(String settings) {
        return Mailbox.of(settings).withoutSecrets().json();
    }

    static SourceFault fault(MailFault e) {
        return e.lasting() ? SourceFault.lasting(e.code(), e.detail()) : SourceFault.passing(e.code(), e.detail());
    }

    private ImapConnection open(Mailbox box, Opened source) throws MailFault {
        if (box.authentication() == Mailbox.Authentication.PASSWORD) {
            return connected(box, String.valueOf(box.password()));
        }
        MailboxSettings.Provider provider = settings.provider(box.provider())
                .filter(MailboxSettings.Provider::offersOAuth)
                .orElseThrow(() -> MailFault.lasting(
                        "provider-not-offered", "This server is not set up for the provider " + box.provider()));
        Tokens newest = box.newest(source.memory().map(word -> Json.read(word, Tokens.class)))
                .orElseThrow();
        Tokens good = tokens.good(newest) ? newest : refreshed(provider, newest, source);
        try {
            return connected(box, good.accessToken());
        } catch (MailFault refused) {
            // A token may be taken back before its time; one that was made this moment is not asked for again.
            if (!refused.code().equals("authentication-failed") || good != newest) {
                throw refused;
            }
            return connected(box, refreshed(provider, newest, source).accessToken());
        }
    }

    private ImapConnection connected(Mailbox box, String secret) throws MailFault {
        return ImapConnection.open(box, secret, new GuardedSockets(guard, tls), settings);
    }

    private Tokens refreshed(MailboxSettings.Provider provider, Tokens old, Opened source) throws MailFault {
        Tokens fresh = tokens.refreshed(provider, old);
        // Where the provider rotates refresh tokens the old one is worth nothing any more: kept before it is used.
        source.remember(Json.write(fresh));
        return fresh;
    }

    /** Logs in and lists the folders, to find out whether an account would work. */
    java.util.List<String> tried(Mailbox box) throws MailFault {
        try (ImapConnection connection =
                connected(box, Optional.ofNullable(box.password()).orElse(""))) {
            return connection.folders();
        }
    }
}
