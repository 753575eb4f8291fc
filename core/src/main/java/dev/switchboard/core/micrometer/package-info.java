/** Pools as Micrometer sees them. For programs that have Micrometer; nothing else needs this package. */
package dev.switchboard.core.micrometer;
