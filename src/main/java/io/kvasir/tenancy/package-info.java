/** What a tenant may use and has used: plan, limits, reservations, usage, settings. */
@NullMarked
package io.kvasir.tenancy;

import org.jspecify.annotations.NullMarked;
