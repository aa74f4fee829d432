package io.kvasir.kernel;

import java.util.Optional;
import java.util.Set;

/**
 * Who is asking, as a verified credential says. The only place a request's tenant comes from.
 *
 * @param boundTo the one conversation a visitor's token is good for; empty for everybody else
 */
public record Principal(UserId user, TenantId tenant, Set<Role> roles, Optional<ConversationId> boundTo) {
    public Principal {
        roles = Set.copyOf(roles);
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
}
