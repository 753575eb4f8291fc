package dev.switchboard.jdbc;

import java.time.Duration;

/**
 * What the bridge itself is told, whatever the product.
 *
 * @param workers the threads to open connections on
 * @param connectTimeout how long opening waits for a thread
 * @param lockWaitTimeout how long a statement waits for a lock
 * @param statementTimeout how long the database may work on a statement; zero is for ever
 * @param fetchSize rows in a row before other commands of the connection get their turn
 * @param statementCacheSize prepared statements kept per connection
 */
record BridgeSettings(
        Workers workers,
        Duration connectTimeout,
        Duration lockWaitTimeout,
        Duration statementTimeout,
        int fetchSize,
        int statementCacheSize) {}
