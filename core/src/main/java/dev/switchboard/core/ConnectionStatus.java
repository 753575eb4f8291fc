package dev.switchboard.core;

import java.time.Duration;

/**
 * What a connection name stands for at this moment; exact when nothing is under way.
 *
 * @param name the connection name
 * @param product the product, such as {@code PostgreSQL}
 * @param where host and port, or the file
 * @param open whether the name has an open pool
 * @param counts the pool's connections and waiting borrowers, all zero where there is no pool
 * @param acquireTimeout how long a borrower waits at most
 */
public record ConnectionStatus(
        String name, String product, String where, boolean open, PoolCounts counts, Duration acquireTimeout) {}
