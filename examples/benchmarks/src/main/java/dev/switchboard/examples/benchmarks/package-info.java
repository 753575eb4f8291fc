/** How fast it is, side by side with the limit, in one run. */
@org.jspecify.annotations.NullMarked
package dev.switchboard.examples.benchmarks;
