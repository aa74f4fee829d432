package io.kvasir.http;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Principal.Role;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who may call an endpoint. Every endpoint names one of these: there is none that forgot to ask. */
public enum Access {
    /** Anybody, without a credential. */
    PUBLIC(EnumSet.noneOf(Role.class), null),
    /** Whoever talks in a conversation: the tenant's people, and an end user in the one that is theirs. */
    CONVERSE(EnumSet.allOf(Role.class), Permission.CHAT),
    /** The tenant's people, who begin conversations. */
    TALK(EnumSet.complementOf(EnumSet.of(Role.END_USER)), Permission.CHAT),
    /** The tenant's people. */
    READ(EnumSet.complementOf(EnumSet.of(Role.END_USER)), Permission.READ),
    /** Those who fill and set up knowledge bases. */
    MANAGE(EnumSet.of(Role.ADMIN, Role.OWNER, Role.SUPER_ADMIN), Permission.WRITE),
    /** Those who decide about the tenant itself. */
    OWN(EnumSet.of(Role.OWNER, Role.SUPER_ADMIN), Permission.ADMIN),
    /** Those who run the server, over all tenants. */
    OPERATE(EnumSet.of(Role.SUPER_ADMIN), Permission.ACCOUNT),
    /** One's own account, by whoever is logged in: an API key does not reach it. */
    ACCOUNT(EnumSet.complementOf(EnumSet.of(Role.END_USER)), Permission.ACCOUNT),
    /** The tenant's people and their keys, by those who manage it and are logged in. */
    PEOPLE(EnumSet.of(Role.ADMIN, Role.OWNER, Role.SUPER_ADMIN), Permission.ACCOUNT);

    private final Set<Role> roles;
    private final @Nullable Permission permission;

    Access(Set<Role> roles, @Nullable Permission permission) {
        this.roles = roles;
        this.permission = permission;
    }

    /** The roles of which a caller needs one; empty where no credential is asked for. */
    public Set<Role> roles() {
        return EnumSet.copyOf(roles.isEmpty() ? EnumSet.noneOf(Role.class) : roles);
    }

    boolean open() {
        return this == PUBLIC;
    }

    boolean allows(Principal caller) {
        return caller.roles().stream().anyMatch(roles::contains)
                && permission != null
                && caller.permissions().contains(permission);
    }

    /** An end user is not told what the tenant's people have: to them it is not there. */
    boolean hiddenFrom(Principal caller) {
        return caller.roles().equals(Set.of(Role.END_USER));
    }
}
