package io.kvasir.tenancy.domain;

import java.time.Instant;

/** What someone may be about to use. Counts as used until it is settled, released, or its time is up. */
public record Reservation(String id, Amounts amounts, Instant expiresAt) {}
