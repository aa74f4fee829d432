package io.kvasir.kernel;

import java.util.Set;

/** Who is asking, as a verified credential says. The only place a request's tenant comes from. */
public record Principal(UserId user, TenantId tenant, Set<Role> roles) {
    public Principal {
        roles = Set.copyOf(roles);
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
