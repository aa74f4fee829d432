package io.kvasir.http;

import io.kvasir.kernel.Principal;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Tells who a bearer token belongs to. The identity room provides it. */
@FunctionalInterface
public interface Authenticator {
    /** Empty where the token is not valid (unsigned, expired, unknown, suspended …); which of these is not told. */
    CompletionStage<Optional<Principal>> authenticate(String bearer);
}
