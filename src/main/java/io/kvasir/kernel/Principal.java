package io.kvasir.kernel;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Who is asking, as a verified credential says. The only place a request's tenant comes from.
 *
 * @param roles in this tenant, as they are at this moment
 * @param boundTo the one conversation a visitor's token is good for; empty for everybody else
 * @param permissions what the credential itself is good for, however much its holder may do
 * @param credential the session or the API key that was shown; empty for visitors
 */
public record Principal(
        UserId user,
        TenantId tenant,
        Set<Role> roles,
        Optional<ConversationId> boundTo,
        Set<Permission> permissions,
        Optional<String> credential) {
    public Principal {
        roles = Set.copyOf(roles);
        permissions = Set.copyOf(permissions);
    }

    /** With a credential that is good for all its holder may do. */
    public Principal(UserId user, TenantId tenant, Set<Role> roles, Optional<ConversationId> boundTo) {
        this(user, tenant, roles, boundTo, EnumSet.allOf(Permission.class), Optional.empty());
    }

    /** May manage the tenant's knowledge bases. */
    public boolean manages() {
        return roles.contains(Role.OWNER) || roles.contains(Role.ADMIN) || roles.contains(Role.SUPER_ADMIN);
    }

    /** May touch this conversation, as far as the credential itself is concerned. */
    public boolean mayTouch(ConversationId conversation) {
        return boundTo.map(conversation::equals).orElse(!roles.contains(Role.END_USER));
    }

    /** What a credential allows; the accounts rooms give each route its roles. */
    public enum Role {
        SUPER_ADMIN,
        OWNER,
        ADMIN,
        STAFF,
        VIEWER,
        END_USER
    }

    /** What an API key may be limited to. None includes another. */
    public enum Permission {
        READ,
        CHAT,
        WRITE,
        ADMIN,
        /** One's own account: password, second factor, sessions, keys. Never an API key's. */
        ACCOUNT
    }
}
