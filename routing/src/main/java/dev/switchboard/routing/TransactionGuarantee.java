package dev.switchboard.routing;

/** What a transaction promises when its work speaks to more than one database. */
public enum TransactionGuarantee {
    /** It lives in one database: a statement with another route is a {@link RouteConflictException}. */
    SINGLE,
    /**
     * Each database has a transaction of its own, begun with its first statement. They are committed one after the other, in
     * that order, until one fails; the rest is rolled back, and {@link PartlyCommittedException} tells which were committed.
     */
    BEST_EFFORT,
    /**
     * All commit or none, whoever crashes at whatever moment: two-phase commit with a {@link PreparedTransactions}. On
     * PostgreSQL ({@code PREPARE TRANSACTION}), MySQL and MariaDB ({@code XA}). What was committed becomes visible in one
     * database a moment before it does in another.
     */
    PREPARED
}
