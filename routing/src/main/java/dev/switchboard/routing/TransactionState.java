package dev.switchboard.routing;

/** How far a transaction has come. */
public enum TransactionState {
    /** No statement has been sent yet, so the database knows nothing of it. */
    NOT_STARTED,
    /** It has begun and not ended. */
    ACTIVE,
    /** Every database has promised to commit its part, and none has done so yet. */
    PREPARED,
    /** It was committed. */
    COMMITTED,
    /** It was rolled back, by the program or by the database, or its connection was lost before the commit. */
    ROLLED_BACK,
    /** The connection was lost, or the wait for it given up, while it was committed: nobody here knows which it was. */
    UNKNOWN
}
