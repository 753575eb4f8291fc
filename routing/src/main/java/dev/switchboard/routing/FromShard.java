package dev.switchboard.routing;

/**
 * A row and the database that it is from.
 *
 * @param shard the name of the connection
 * @param value the row
 * @param <T> the type of the row
 */
public record FromShard<T>(String shard, T value) {}
