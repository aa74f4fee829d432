package io.kvasir.identity;

import io.kvasir.kernel.Principal;
import io.kvasir.kernel.Principal.Role;

/** Who may decide about whom: nobody about somebody above, and nobody gives what they have not. */
final class Ranks {
    private Ranks() {}

    static boolean reaches(Principal caller, Role role) {
        return caller.roles().stream().anyMatch(own -> rank(own) >= rank(role)) && role != Role.END_USER;
    }

    private static int rank(Role role) {
        return switch (role) {
            case SUPER_ADMIN -> 5;
            case OWNER -> 4;
            case ADMIN -> 3;
            case STAFF -> 2;
            case VIEWER -> 1;
            case END_USER -> 0;
        };
    }
}
