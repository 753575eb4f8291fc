package dev.switchboard.routing;

/**
 * A part of a transaction that a crash had left prepared, and that the recovery finished.
 *
 * @param connectionName the database that it lay in
 * @param transaction the id of the whole transaction, as its server and the log show it
 * @param state {@link TransactionState#COMMITTED} or {@link TransactionState#ROLLED_BACK}
 */
public record RecoveredBranch(String connectionName, String transaction, TransactionState state) {}
