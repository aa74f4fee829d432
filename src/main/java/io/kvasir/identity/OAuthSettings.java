package io.kvasir.identity;

import java.net.URI;
import java.util.List;

/** Where people may come from. Those without a client id are not offered. */
public record OAuthSettings(List<Provider> providers) {
    public OAuthSettings {
        providers = List.copyOf(providers);
    }

    /**
     * @param name in addresses: {@code /api/v1/oauth/auth/<name>}
     * @param issuer OpenID Connect: its metadata lies below it. GitHub: the site people log in at
     * @param api GitHub's API; unused otherwise
     * @param trustsEmail whether an address that the provider calls verified may find an account, or make one
     */
    public record Provider(
            String name,
            Kind kind,
            URI issuer,
            URI api,
            String clientId,
            String clientSecret,
            List<String> scopes,
            boolean trustsEmail) {
        public Provider {
            scopes = List.copyOf(scopes);
        }

        @Override
        public String toString() {
            return "Provider[name=" + name + ", issuer=" + issuer + "]";
        }
    }

    public enum Kind {
        /** OpenID Connect, by discovery. */
        OIDC,
        /** OAuth 2 as GitHub speaks it, with its own API for who somebody is. */
        GITHUB
    }
}
