/** Hundreds of databases on a few servers that could never hold a pool for each of them. */
@org.jspecify.annotations.NullMarked
package dev.switchboard.examples.fleet;
