package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/**
 * Whether a query only reads. Written as {@link Routing#readOnly()}, {@link Routing#preventWrites()} and
 * {@link Routing#readWrite()}.
 */
public enum AccessMode implements RoutingHint {
    /** The query only reads: a replica may serve it. Nothing is sent to the server to enforce this. */
    READ_ONLY,
    /** The query only reads, and a write is refused by the session of the database, or by the guard where it cannot. */
    READ_ONLY_ENFORCED,
    /** The query may write: the primary serves it. */
    READ_WRITE;

    /** {@return whether a replica may serve it} */
    public boolean onlyReads() {
        return this != READ_WRITE;
    }

    /** {@return this mode, or the enforced one where that holds further out and this one only reads too} */
    @Override
    public RoutingHint mergedInto(@Nullable RoutingHint outer) {
        return this == READ_ONLY && outer == READ_ONLY_ENFORCED ? READ_ONLY_ENFORCED : this;
    }
}
