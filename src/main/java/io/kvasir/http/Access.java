package io.kvasir.http;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;
import java.util.EnumSet;
import java.util.Set;

/** Who may call an endpoint. Every endpoint names one of these: there is none that forgot to ask. */
public enum Access {
    /** Anybody, without a credential. */
    PUBLIC(EnumSet.noneOf(Role.class)),
    /** Whoever talks in a conversation: the tenant's people, and an end user in the one that is theirs. */
    CONVERSE(EnumSet.allOf(Role.class)),
    /** The tenant's people. */
    READ(EnumSet.complementOf(EnumSet.of(Role.END_USER))),
    /** Those who fill and set up knowledge bases. */
    MANAGE(EnumSet.of(Role.ADMIN, Role.OWNER, Role.SUPER_ADMIN)),
    /** Those who decide about the tenant itself. */
    OWN(EnumSet.of(Role.OWNER, Role.SUPER_ADMIN)),
    /** Those who run the server, over all tenants. */
    OPERATE(EnumSet.of(Role.SUPER_ADMIN));

    private final Set<Role> roles;

    Access(Set<Role> roles) {
        this.roles = roles;
    }

    /** The roles of which a caller needs one; empty where no credential is asked for. */
    public Set<Role> roles() {
        return EnumSet.copyOf(roles.isEmpty() ? EnumSet.noneOf(Role.class) : roles);
    }

    boolean open() {
        return this == PUBLIC;
    }

    boolean allows(Principal caller) {
        return caller.roles().stream().anyMatch(roles::contains);
    }

    /** An end user is not told what the tenant's people have: to them it is not there. */
    boolean hiddenFrom(Principal caller) {
        return caller.roles().equals(Set.of(Role.END_USER));
    }
}
