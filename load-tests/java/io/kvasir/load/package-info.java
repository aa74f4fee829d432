/** What load and fault tests talk to instead of a paid provider. Compiled with the tests, never shipped. */
package io.kvasir.load;
