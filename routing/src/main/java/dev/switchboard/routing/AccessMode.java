package dev.switchboard.routing;

/** Whether a query only reads. Written as {@link Routing#readOnly()} and {@link Routing#readWrite()}. */
public enum AccessMode implements RoutingHint {
    /** The query only reads: a replica may serve it. Nothing is sent to the server to enforce this. */
    READ_ONLY,
    /** The query may write: the primary serves it. */
    READ_WRITE
}
