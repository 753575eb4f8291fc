package dev.switchboard.core;

/**
 * What of a connection's statements is written to the log at DEBUG, to the SLF4J logger that has the name of this type. One
 * line for each statement or batch when it has ended: connection name, whether the route is read only, duration, rows, SQL.
 */
public enum Echo {
    /** Nothing. */
    OFF,
    /** The statements, with their values masked. What stands in the SQL itself is shown. */
    STATEMENTS,
    /** The statements with the values that were bound, shortened; they may be secret, so this is for a developer's machine. */
    STATEMENTS_WITH_VALUES
}
