/** Real databases for tests and examples. */
@org.jspecify.annotations.NullMarked
package dev.switchboard.databases;
