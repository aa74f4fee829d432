/** Benchmarks as commands: each prints a table and one line of JSON, with a control in the same run. */
package io.kvasir.bench;
