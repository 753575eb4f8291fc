package dev.switchboard.routing;

/** How a transaction meets one that is running already. */
public enum Propagation {
    /**
     * Joins the running transaction, or begins one. An error or a cancel inside rolls the whole back. A joining transaction
     * shares the BEGIN of the outer one: another isolation level, or writing inside one that only reads, is an error, and
     * name and lock wait time-out do not count.
     */
    REQUIRED,
    /**
     * Begins a transaction of its own, on a second connection, while the running one waits. It commits or rolls back
     * whatever becomes of the outer one, and sees nothing that the outer one has not committed. Its route is that of the
     * hints around it, so it may be another database.
     */
    REQUIRES_NEW,
    /** A savepoint in the running transaction, or a transaction of its own. An error or a cancel rolls back to it. */
    NESTED,
    /** Joins the running transaction as {@link #REQUIRED} does; none is an error. */
    MANDATORY,
    /**
     * Joins the running transaction as {@link #REQUIRED} does. Where there is none, every statement commits by itself, and
     * isolation, access mode and the other options do not count.
     */
    SUPPORTS,
    /** Every statement commits by itself; a running transaction is an error. */
    NEVER
}
