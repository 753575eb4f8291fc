package dev.switchboard.routing;

/** How a transaction meets one that is running already. */
public enum Propagation {
    /**
     * Joins the running transaction, or begins one. An error or a cancel inside rolls the whole back. A joining transaction
     * shares the BEGIN of the outer one: another isolation level, or writing inside one that only reads, is an error, and
     * name and lock wait time-out do not count.
     */
    REQUIRED,
    /** A savepoint in the running transaction, or a transaction of its own. An error or a cancel rolls back to it. */
    NESTED
}
