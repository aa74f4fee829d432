package io.kvasir.identity;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.kvasir.http.Json;
import io.kvasir.kernel.Principal.Permission;
import io.kvasir.kernel.Principal.Role;
import io.kvasir.kernel.Rejection.FieldError;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The bodies of requests about accounts, checked as far as their shape goes. A field left out arrives as null. */
final class AccountBodies {
    /** One address without a name, comments or line breaks; whether it exists only a mail can tell. */
    private static final Pattern EMAIL = Pattern.compile(
            "[^\\s@<>()\\[\\],;:\\\\\"\\p{Cntrl}]{1,64}@[\\p{L}\\p{N}](?:[\\p{L}\\p{N}.-]*[\\p{L}\\p{N}])?");

    private AccountBodies() {}

    static boolean email(@Nullable String given) {
        return given != null
                && given.length() <= 320
                && EMAIL.matcher(given.strip()).matches();
    }

    private static final class Faults {
        private final List<FieldError> all = new ArrayList<>();

        void unless(boolean right, String pointer, String detail) {
            if (!right) {
                all.add(new FieldError(pointer, detail));
            }
        }

        void email(@Nullable String given) {
            unless(AccountBodies.email(given), "/email", "must be an e-mail address of at most 320 characters");
        }

        void password(@Nullable String given, String pointer) {
            unless(
                    given != null && !given.isEmpty() && given.length() <= 1_000,
                    pointer,
                    "must have 1 to 1000 characters");
        }

        void token(@Nullable String given, String pointer) {
            unless(
                    given != null && !given.isEmpty() && given.length() <= 200,
                    pointer,
                    "must be the token of the mail");
        }

        void name(@Nullable String given, String pointer) {
            unless(
                    given == null
                            || !given.isBlank()
                                    && given.length() <= 200
                                    && given.chars().noneMatch(Character::isISOControl),
                    pointer,
                    "must have 1 to 200 characters, none of them a control character");
        }

        void done() {
            if (!all.isEmpty()) {
                throw Json.Refusal.of(all.toArray(FieldError[]::new));
            }
        }
    }

    /**
     * With an invitation, its token and no address; without one, an address and the name of a tenant of one's own.
     *
     * @param cookie true to have the refresh token kept by the browser in a cookie
     */
    record Register(
            @Nullable String email,
            String password,
            @Nullable String name,
            @Nullable String tenantName,
            @Nullable String invitation,
            @Nullable Boolean cookie) {
        Register {
            Faults faults = new Faults();
            if (invitation == null) {
                faults.email(email);
                faults.name(tenantName, "/tenantName");
            } else {
                faults.token(invitation, "/invitation");
                faults.unless(email == null, "/email", "must be left out: the invitation has it");
                faults.unless(tenantName == null, "/tenantName", "must be left out: the invitation has it");
            }
            faults.password(password, "/password");
            faults.name(name, "/name");
            faults.done();
        }

        Registration.Wish wish() {
            return new Registration.Wish(
                    String.valueOf(email), password, Optional.ofNullable(name), Optional.ofNullable(tenantName));
        }
    }

    /** For whoever has no account yet. */
    record AcceptInvited(
            String token,
            String password,
            @Nullable String name,
            @Nullable Boolean cookie) {
        AcceptInvited {
            Faults faults = new Faults();
            faults.token(token, "/token");
            faults.password(password, "/password");
            faults.name(name, "/name");
            faults.done();
        }
    }

    record Token(String token, @Nullable Boolean cookie) {
        Token {
            Faults faults = new Faults();
            faults.token(token, "/token");
            faults.done();
        }
    }

    record Email(String email) {
        Email {
            Faults faults = new Faults();
            faults.email(email);
            faults.done();
        }
    }

    record Reset(String token, String password) {
        Reset {
            Faults faults = new Faults();
            faults.token(token, "/token");
            faults.password(password, "/password");
            faults.done();
        }
    }

    record Change(String oldPassword, String password) {
        Change {
            Faults faults = new Faults();
            faults.password(oldPassword, "/oldPassword");
            faults.password(password, "/password");
            faults.done();
        }
    }

    /** Roles of a tenant, as the outer face names them. */
    enum GivenRole {
        @JsonAlias("owner")
        OWNER,
        @JsonAlias("admin")
        ADMIN,
        @JsonAlias("staff")
        STAFF,
        @JsonAlias("viewer")
        VIEWER;

        Role role() {
            return Role.valueOf(name());
        }
    }

    record Invite(String email, GivenRole role) {
        @SuppressWarnings("ConstantValue")
        Invite {
            Faults faults = new Faults();
            faults.email(email);
            faults.unless(role != null, "/role", "is required");
            faults.done();
        }
    }

    record Give(GivenRole role) {
        @SuppressWarnings("ConstantValue")
        Give {
            Faults faults = new Faults();
            faults.unless(role != null, "/role", "is required");
            faults.done();
        }
    }

    /** What a key may be limited to. */
    enum KeyScope {
        @JsonProperty("read")
        READ,
        @JsonProperty("chat")
        CHAT,
        @JsonProperty("write")
        WRITE,
        @JsonProperty("admin")
        ADMIN
    }

    /** @param scopes left out: read and chat */
    record NewKey(
            String name,
            @Nullable Set<KeyScope> scopes,
            @Nullable Instant endsAt) {
        @SuppressWarnings("ConstantValue")
        NewKey {
            Faults faults = new Faults();
            faults.unless(name != null, "/name", "is required");
            faults.name(name, "/name");
            faults.unless(
                    scopes == null || !scopes.isEmpty() && !scopes.contains(null),
                    "/scopes",
                    "must name at least one scope");
            faults.done();
        }

        Set<Permission> permissions() {
            Set<Permission> all = EnumSet.noneOf(Permission.class);
            for (KeyScope scope : scopes == null ? EnumSet.of(KeyScope.READ, KeyScope.CHAT) : scopes) {
                all.add(Permission.valueOf(scope.name()));
            }
            return all;
        }
    }
}
