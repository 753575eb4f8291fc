package dev.switchboard.core;

import java.time.Instant;
import java.util.UUID;

/**
 * A statement that is running, or whose rows are being read; or a commit, a rollback or the like.
 *
 * @param name the name of the connection; one with an override is called {@code orders[database=shard02]}
 * @param connection the id of the physical connection
 * @param readOnly whether its route is read-only
 * @param since when it was sent, in UTC
 * @param sql its text, or a word such as {@code commit}, on one line of at most 120 characters; never its values
 */
public record InFlight(String name, UUID connection, boolean readOnly, Instant since, String sql) {}
