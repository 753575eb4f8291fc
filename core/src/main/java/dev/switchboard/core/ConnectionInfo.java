package dev.switchboard.core;

import java.time.Instant;
import java.util.UUID;

/**
 * Which physical connection it is.
 *
 * @param id its id, as events name it
 * @param name the name of the connection; one with an override is called {@code orders[database=shard02]}
 * @param created when it was opened, in UTC
 * @param lastUsed when it was lent out or returned last, in UTC
 * @param uses how often it was lent out
 */
public record ConnectionInfo(UUID id, String name, Instant created, Instant lastUsed, long uses) {}
