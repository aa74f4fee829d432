package io.kvasir.system;

import io.kvasir.kernel.Principal.Role;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who may call what: one row for every endpoint of the server, written by hand and held by {@link TenantMatrixTest}
 * against the inventory and against what the server does. Whoever adds an endpoint adds its row.
 *
 * <p>In a body, {@code <name>} stands for an id or another value of {@link Town.Things}; the matrix puts another tenant's
 * in its place too. A path parameter is looked up by its name in the same things.
 */
final class Routes {
    /** Which people a route is for. */
    enum Who {
        /** Whoever comes, without a credential. */
        ANYBODY(EnumSet.noneOf(Role.class)),
        /** The tenant's people, and a visitor in the conversation that is theirs. */
        TALKERS(EnumSet.allOf(Role.class)),
        /** The tenant's people. */
        PEOPLE(EnumSet.complementOf(EnumSet.of(Role.END_USER))),
        MANAGERS(EnumSet.of(Role.SUPER_ADMIN, Role.OWNER, Role.ADMIN)),
        OWNERS(EnumSet.of(Role.SUPER_ADMIN, Role.OWNER)),
        OPERATORS(EnumSet.of(Role.SUPER_ADMIN));

        final Set<Role> roles;

        Who(Set<Role> roles) {
            this.roles = roles;
        }
    }

    /** The scope a key needs. LOGIN: no key reaches it, whatever its scopes. NONE: nothing is asked for. */
    enum Needs {
        NONE,
        READ,
        CHAT,
        WRITE,
        ADMIN,
        LOGIN
    }

    /**
     * @param bodies samples of its JSON, each taken as valid; {@link #FILE} for an upload
     * @param fresh things that are made anew for a call that is let through, since it uses them up
     * @param gives what may be answered to who is let through with what is theirs
     * @param everywhere whether it reaches over all tenants, by design
     */
    record Row(
            String route,
            Who who,
            Needs needs,
            List<String> bodies,
            Set<String> fresh,
            Set<Integer> gives,
            boolean everywhere) {
        Row body(String... samples) {
            return new Row(route, who, needs, List.of(samples), fresh, gives, everywhere);
        }

        Row fresh(String... things) {
            return new Row(route, who, needs, bodies, Set.of(things), gives, everywhere);
        }

        Row gives(Integer... statuses) {
            return new Row(route, who, needs, bodies, fresh, Set.of(statuses), everywhere);
        }

        Row overAllTenants() {
            return new Row(route, who, needs, bodies, fresh, gives, true);
        }

        String method() {
            return route.substring(0, route.indexOf(' '));
        }

        String path() {
            return route.substring(route.indexOf(' ') + 1);
        }
    }

    /** The body of an upload. */
    static final String FILE = "a file";

    private static final String KB = "/api/v1/knowledge-bases/{kbId}";
    private static final String DOCUMENT = KB + "/documents/{documentId}";
    private static final String WEB = KB + "/web-sources/{sourceId}";
    private static final String MAILBOXES = KB + "/email-accounts";
    private static final String MAILBOX = MAILBOXES + "/{accountId}";
    private static final String CHAT = "/api/v1/chat/conversations/{conversationId}";

    private static final List<Row> ALL = List.of(
            // for anybody
            open("GET /openapi.json"),
            open("GET /docs"),
            open("GET /docs/{file}"),
            open("GET /health"),
            open("GET /health/live"),
            open("GET /health/ready"),
            open("GET /metrics"),
            open("GET /.well-known/jwks.json"),
            open("GET /api/v1/public/{slug}"),
            open("POST /api/v1/public/{slug}/conversations").body("{}"),
            open("GET /api/v1/oauth/providers"),
            open("GET /api/v1/oauth/auth/{provider}"),
            open("GET /api/v1/oauth/auth/{provider}/callback"),
            open("GET /api/v1/oauth/email/callback"),
            open("POST /api/v1/auth/login").body("{'email':'nobody@example.org','password':'not a password'}"),
            open("POST /api/v1/auth/refresh").body("{'refreshToken':'none'}"),
            open("POST /api/v1/auth/logout").body("{'refreshToken':'none'}"),
            open("POST /api/v1/auth/register").body("{'email':'new@example.org','password':'correct horse battery'}"),
            open("POST /api/v1/auth/email/verify").body("{'token':'none'}"),
            open("POST /api/v1/auth/invitations/accept").body("{'token':'none','password':'correct horse battery'}"),
            open("POST /api/v1/auth/password/forgot").body("{'email':'nobody@example.org'}"),
            open("POST /api/v1/auth/password/reset").body("{'token':'none','password':'correct horse battery'}"),
            open("POST /api/v1/auth/mfa/verify").body("{'challenge':'none','code':'123456'}"),
            // one's own account
            row("GET /api/v1/auth/me", Who.TALKERS, Needs.CHAT).gives(200, 404),
            row("POST /api/v1/auth/switch", Who.PEOPLE, Needs.LOGIN).body("{'tenantId':'<tenantId>'}"),
            row("GET /api/v1/auth/sessions", Who.PEOPLE, Needs.LOGIN),
            row("DELETE /api/v1/auth/sessions/{sessionId}", Who.PEOPLE, Needs.LOGIN)
                    .fresh("sessionId"),
            row("POST /api/v1/auth/password/change", Who.PEOPLE, Needs.LOGIN)
                    .body("{'oldPassword':'not the old one','password':'another correct horse'}")
                    .gives(400, 429),
            row("POST /api/v1/auth/mfa/setup", Who.PEOPLE, Needs.LOGIN),
            row("POST /api/v1/auth/mfa/disable", Who.PEOPLE, Needs.LOGIN)
                    .body("{'code':'123456'}")
                    .gives(400, 409, 429),
            row("POST /api/v1/invitations/accept", Who.PEOPLE, Needs.LOGIN)
                    .body("{'token':'none'}")
                    .gives(400, 404, 429),
            // the tenant's people and their keys
            row("GET /api/v1/members", Who.MANAGERS, Needs.LOGIN),
            row("PUT /api/v1/members/{userId}", Who.MANAGERS, Needs.LOGIN)
                    .body("{'role':'staff'}")
                    .fresh("userId"),
            row("DELETE /api/v1/members/{userId}", Who.MANAGERS, Needs.LOGIN).fresh("userId"),
            row("POST /api/v1/members/{userId}/suspend", Who.MANAGERS, Needs.LOGIN)
                    .fresh("userId"),
            row("POST /api/v1/members/{userId}/resume", Who.MANAGERS, Needs.LOGIN)
                    .fresh("userId"),
            row("GET /api/v1/invitations", Who.MANAGERS, Needs.LOGIN),
            row("POST /api/v1/invitations", Who.MANAGERS, Needs.LOGIN)
                    .body("{'email':'<address>','role':'viewer'}")
                    .fresh("address"),
            row("DELETE /api/v1/invitations/{invitationId}", Who.MANAGERS, Needs.LOGIN)
                    .fresh("invitationId"),
            row("GET /api/v1/api-keys", Who.MANAGERS, Needs.LOGIN),
            row("POST /api/v1/api-keys", Who.MANAGERS, Needs.LOGIN).body("{'name':'Machine','scopes':['read']}"),
            row("DELETE /api/v1/api-keys/{keyId}", Who.MANAGERS, Needs.LOGIN).fresh("keyId"),
            // the server's
            row("POST /api/v1/operations/users/{userId}/suspend", Who.OPERATORS, Needs.LOGIN)
                    .fresh("userId")
                    .overAllTenants(),
            row("POST /api/v1/operations/users/{userId}/resume", Who.OPERATORS, Needs.LOGIN)
                    .fresh("userId")
                    .overAllTenants(),
            row("POST /api/v1/operations/tenants/{tenantId}/suspend", Who.OPERATORS, Needs.LOGIN)
                    .fresh("tenantId")
                    .overAllTenants(),
            row("POST /api/v1/operations/tenants/{tenantId}/resume", Who.OPERATORS, Needs.LOGIN)
                    .fresh("tenantId")
                    .overAllTenants(),
            row("GET /api/v1/operations/tenants", Who.OPERATORS, Needs.LOGIN).overAllTenants(),
            row("GET /api/v1/operations/users", Who.OPERATORS, Needs.LOGIN).overAllTenants(),
            row("GET /api/v1/operations/tenants/{tenantId}/plan", Who.OPERATORS, Needs.LOGIN)
                    .overAllTenants(),
            row("PUT /api/v1/operations/tenants/{tenantId}/plan", Who.OPERATORS, Needs.LOGIN)
                    .body("{'plan':'enterprise'}")
                    .overAllTenants(),
            row("POST /api/v1/operations/backups", Who.OPERATORS, Needs.LOGIN)
                    .gives(201, 409)
                    .overAllTenants(),
            // the tenant
            row("GET /api/v1/models", Who.PEOPLE, Needs.READ),
            row("GET /api/v1/usage", Who.PEOPLE, Needs.READ),
            row("GET /api/v1/plans", Who.PEOPLE, Needs.READ),
            row("GET /api/v1/tenant/settings", Who.PEOPLE, Needs.READ),
            row("PUT /api/v1/tenant/settings", Who.OWNERS, Needs.ADMIN).body("{'conversationDays':3000}"),
            row("GET /api/v1/audit", Who.OWNERS, Needs.ADMIN),
            row("GET /api/v1/audit/export", Who.OWNERS, Needs.ADMIN),
            row("GET /api/v1/audit/proof", Who.OWNERS, Needs.ADMIN),
            row("POST /api/v1/privacy/export", Who.PEOPLE, Needs.LOGIN).body("{}", "{'userId':'<myself>'}"),
            row("POST /api/v1/privacy/erase", Who.PEOPLE, Needs.LOGIN)
                    .body("{'knowledgeBaseId':'<kbId>'}", "{'userId':'<userId>'}", "{'tenantId':'<throwaway>'}")
                    .fresh("kbId", "userId")
                    .gives(200, 400, 403),
            // knowledge bases
            row("GET /api/v1/knowledge-bases", Who.PEOPLE, Needs.READ),
            row("POST /api/v1/knowledge-bases", Who.MANAGERS, Needs.WRITE).body("{'name':'One more'}"),
            row("GET " + KB, Who.PEOPLE, Needs.READ),
            row("PUT " + KB, Who.MANAGERS, Needs.WRITE).body("{'description':'Changed'}"),
            row("DELETE " + KB, Who.MANAGERS, Needs.WRITE).fresh("kbId"),
            row("GET " + KB + "/rag-config", Who.PEOPLE, Needs.READ),
            row("PUT " + KB + "/rag-config", Who.MANAGERS, Needs.WRITE).body("{'maxResults':4}"),
            row("POST " + KB + "/share", Who.MANAGERS, Needs.WRITE),
            row("DELETE " + KB + "/share", Who.MANAGERS, Needs.WRITE).fresh("kbId"),
            row("GET " + KB + "/sites", Who.PEOPLE, Needs.READ),
            row("PUT " + KB + "/sites", Who.MANAGERS, Needs.WRITE).body("{'origins':['https://shop.example']}"),
            row("POST " + KB + "/sites/secret", Who.MANAGERS, Needs.WRITE),
            row("DELETE " + KB + "/sites/secret", Who.MANAGERS, Needs.WRITE),
            row("DELETE " + KB + "/embedding-change", Who.MANAGERS, Needs.WRITE),
            row("POST " + KB + "/reindex", Who.MANAGERS, Needs.WRITE).fresh("kbId"),
            row("POST " + KB + "/knowledge/search", Who.PEOPLE, Needs.READ).body("{'query':'refunds'}"),
            row("GET " + KB + "/documents", Who.PEOPLE, Needs.READ),
            row("POST " + KB + "/documents", Who.MANAGERS, Needs.WRITE)
                    .body(FILE)
                    .fresh("kbId"),
            row("GET " + DOCUMENT, Who.PEOPLE, Needs.READ),
            row("PUT " + DOCUMENT, Who.MANAGERS, Needs.WRITE).body(FILE).fresh("documentId"),
            row("DELETE " + DOCUMENT, Who.MANAGERS, Needs.WRITE).fresh("documentId"),
            row("POST " + DOCUMENT + "/retry", Who.MANAGERS, Needs.WRITE).gives(202, 409),
            row("GET " + DOCUMENT + "/content", Who.PEOPLE, Needs.READ),
            row("GET " + DOCUMENT + "/text", Who.PEOPLE, Needs.READ),
            row("GET " + KB + "/jobs", Who.PEOPLE, Needs.READ),
            row("GET " + KB + "/jobs/{jobId}", Who.PEOPLE, Needs.READ),
            row("POST " + KB + "/jobs/{jobId}/cancel", Who.MANAGERS, Needs.WRITE)
                    .gives(200, 409),
            row("GET " + KB + "/events", Who.PEOPLE, Needs.READ),
            // questions with their answers
            row("GET " + KB + "/knowledge", Who.PEOPLE, Needs.READ),
            row("POST " + KB + "/knowledge", Who.MANAGERS, Needs.WRITE)
                    .body("{'question':'Who is there?','answer':'Nobody.'}")
                    .fresh("kbId"),
            row("POST " + KB + "/knowledge/import", Who.MANAGERS, Needs.WRITE)
                    .body(FILE)
                    .gives(200, 400),
            row("GET " + KB + "/knowledge/export", Who.PEOPLE, Needs.READ),
            row("GET " + KB + "/knowledge/{entryId}", Who.PEOPLE, Needs.READ),
            row("PUT " + KB + "/knowledge/{entryId}", Who.MANAGERS, Needs.WRITE).body("{'answer':'Changed.'}"),
            row("DELETE " + KB + "/knowledge/{entryId}", Who.MANAGERS, Needs.WRITE)
                    .fresh("entryId"),
            row("GET " + KB + "/faq-config", Who.PEOPLE, Needs.READ),
            row("PUT " + KB + "/faq-config", Who.MANAGERS, Needs.WRITE).body("{'answerExactly':true}"),
            // web sources
            row("GET " + KB + "/web-sources", Who.PEOPLE, Needs.READ),
            row("POST " + KB + "/web-sources", Who.MANAGERS, Needs.WRITE)
                    .body("{'url':'http://192.0.2.1/','kind':'page','frequency':'never'}")
                    .fresh("kbId"),
            row("GET " + WEB, Who.PEOPLE, Needs.READ),
            row("PUT " + WEB, Who.MANAGERS, Needs.WRITE).body("{'frequency':'never'}"),
            row("DELETE " + WEB, Who.MANAGERS, Needs.WRITE).fresh("sourceId"),
            row("POST " + WEB + "/scrape", Who.MANAGERS, Needs.WRITE),
            row("POST " + WEB + "/cancel", Who.MANAGERS, Needs.WRITE).gives(200, 409),
            row("GET " + WEB + "/history", Who.PEOPLE, Needs.READ),
            row("GET " + WEB + "/pages", Who.PEOPLE, Needs.READ),
            // mailboxes
            row("GET " + MAILBOXES, Who.PEOPLE, Needs.READ),
            row("POST " + MAILBOXES, Who.MANAGERS, Needs.WRITE)
                    .body("{'provider':'imap','email':'<address>','host':'127.0.0.1','password':'a secret'}")
                    .fresh("address"),
            row("POST " + MAILBOXES + "/test", Who.MANAGERS, Needs.WRITE)
                    .body("{'provider':'imap','email':'<address>','host':'127.0.0.1','password':'a secret'}")
                    .fresh("address"),
            row("GET " + MAILBOX, Who.PEOPLE, Needs.READ),
            row("PUT " + MAILBOX, Who.MANAGERS, Needs.WRITE)
                    .body("{'months':3}")
                    .fresh("accountId"),
            row("DELETE " + MAILBOX, Who.MANAGERS, Needs.WRITE).fresh("accountId"),
            row("POST " + MAILBOX + "/sync", Who.MANAGERS, Needs.WRITE).fresh("accountId"),
            row("POST " + MAILBOX + "/cancel", Who.MANAGERS, Needs.WRITE).gives(200, 409),
            row("GET " + MAILBOX + "/history", Who.PEOPLE, Needs.READ),
            row("GET " + MAILBOX + "/messages", Who.PEOPLE, Needs.READ),
            row("POST " + MAILBOX + "/authorize", Who.MANAGERS, Needs.WRITE).gives(409),
            // conversations
            row("GET /api/v1/chat/conversations", Who.PEOPLE, Needs.READ),
            row("POST /api/v1/chat/conversations", Who.PEOPLE, Needs.CHAT).body("{'kbId':'<kbId>'}"),
            row("GET " + CHAT, Who.TALKERS, Needs.CHAT),
            row("GET " + CHAT + "/messages", Who.TALKERS, Needs.CHAT),
            row("POST " + CHAT + "/messages", Who.TALKERS, Needs.CHAT)
                    .body("{'content':'When are refunds paid?'}")
                    .fresh("conversationId"),
            row("POST " + CHAT + "/retry", Who.TALKERS, Needs.CHAT).gives(202, 409),
            row("GET /api/v1/chat/events", Who.PEOPLE, Needs.READ),
            row("GET " + CHAT + "/events", Who.TALKERS, Needs.CHAT),
            row("POST " + CHAT + "/stop", Who.TALKERS, Needs.CHAT),
            row("POST " + CHAT + "/close", Who.TALKERS, Needs.CHAT).fresh("conversationId"),
            row("POST /api/v1/chat/messages/{messageId}/feedback", Who.TALKERS, Needs.CHAT)
                    .body("{'rating':'up'}"),
            row("POST /api/v1/public/{slug}/conversations/{conversationId}/token", Who.TALKERS, Needs.CHAT)
                    .gives(200, 404));

    private Routes() {}

    static List<Row> all() {
        return ALL;
    }

    static Optional<Row> of(String route) {
        return ALL.stream().filter(row -> row.route().equals(route)).findFirst();
    }

    private static Row open(String route) {
        return row(route, Who.ANYBODY, Needs.NONE);
    }

    private static Row row(String route, Who who, Needs needs) {
        return new Row(route, who, needs, List.of(), Set.of(), Set.of(200, 201, 202, 204), false);
    }
}
