package dev.switchboard.core;

/**
 * What a failure means for whoever must decide what to do next. The drivers give one event different exception types, SQLSTATEs
 * and codes; this is the same for all of them.
 */
public enum FailureClass {
    /**
     * Nothing happened, and the same statement may succeed later: no connection could be had, or a lock or the time for the
     * statement ran out. PostgreSQL gives up the transaction around it, so there the transaction is to be repeated.
     */
    RETRYABLE_STATEMENT,
    /** The server rolled the transaction back, as after a deadlock; the same transaction may succeed from its beginning. */
    RETRYABLE_TRANSACTION,
    /**
     * The connection is gone. A transaction on it was rolled back, unless its commit was under way; a statement without one
     * may have happened.
     */
    CONNECTION_DEAD,
    /** It may have happened or not: the connection went during a commit, or somebody stopped waiting for the answer. */
    OUTCOME_UNKNOWN,
    /** A write came to a server or into a transaction that only reads. */
    WRONG_NODE,
    /** The data contradict a constraint or do not fit their column. */
    CONSTRAINT,
    /** The user may not do this, or may not log in. */
    PERMISSION,
    /** The statement, the program or its configuration is wrong; the same will fail again. */
    BUG,
    /** Nothing is known that would help to decide. */
    OTHER;

    /**
     * What a failure means. Looks through wrappers for the error of R2DBC.
     *
     * @param failure any failure of a chain that uses a database
     * @return its class, {@link #OTHER} where nothing is known
     */
    public static FailureClass of(Throwable failure) {
        return FailureTable.classOf(failure);
    }

    /** {@return whether nothing happened and the same may succeed when it is repeated, from the beginning of its transaction} */
    public boolean mayBeRepeated() {
        return this == RETRYABLE_STATEMENT || this == RETRYABLE_TRANSACTION;
    }
}
