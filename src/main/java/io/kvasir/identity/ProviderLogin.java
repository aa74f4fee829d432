package io.kvasir.identity;

import java.net.URI;
import java.util.Optional;

/** One provider's side of a login. Calls may block; failures are I/O or {@link Refused}. */
interface ProviderLogin {
    /** Where the browser goes. */
    URI authorization(Request request) throws Exception;

    /** Who came back, for a code; the nonce is compared where the provider signs it. */
    Person person(Request request, String code) throws Exception;

    /** @param verifier whose SHA-256 went along as the PKCE challenge */
    record Request(URI redirect, String state, String nonce, String verifier) {
        @Override
        public String toString() {
            return "Request[]";
        }
    }

    /** @param email only where the provider has verified it */
    record Person(String subject, Optional<String> email, Optional<String> name) {}

    /** The provider, or what it signed, says no. */
    final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String detail) {
            super(detail);
        }
    }
}
