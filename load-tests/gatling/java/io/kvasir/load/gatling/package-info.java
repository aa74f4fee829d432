/** Gatling's simulations, each run by {@code ./dev load NAME}. Compiled by the profile {@code load} alone. */
package io.kvasir.load.gatling;
