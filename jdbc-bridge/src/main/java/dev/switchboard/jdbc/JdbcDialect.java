package dev.switchboard.jdbc;

import java.util.List;

/** What is known of a database that is bridged over its JDBC driver alone. */
enum JdbcDialect {
    /** Any database: nothing is known but what JDBC itself says. */
    GENERIC("JDBC", false),

    /** DuckDB, which tells its errors apart by the beginning of their text only. */
    DUCKDB("DuckDB", true);

    /**
     * What an error's text tells.
     *
     * @param text how it begins
     * @param sqlState the SQLSTATE that says the same
     */
    private record Beginning(String text, String sqlState) {}

    private static final List<Beginning> OF_DUCKDB = List.of(
            new Beginning("Constraint Error", "23000"),
            new Beginning("Parser Error", "42000"),
            new Beginning("Syntax Error", "42000"),
            new Beginning("Catalog Error", "42000"),
            new Beginning("Binder Error", "42000"),
            new Beginning("TransactionContext Error: Conflict", "40001"),
            new Beginning("TransactionContext Error", "25000"),
            new Beginning("Conversion Error", "22000"),
            new Beginning("Out of Range Error", "22003"),
            new Beginning("Permission Error", "42501"),
            new Beginning("INTERRUPT Error", "57014"),
            new Beginning("IO Error", "58030"),
            new Beginning("Out of Memory Error", "53200"));

    private final String product;
    private final boolean returning;

    JdbcDialect(String product, boolean returning) {
        this.product = product;
        this.returning = returning;
    }

    String product() {
        return product;
    }

    /** Whether {@code RETURNING} can be put behind a change. */
    boolean hasReturning() {
        return returning;
    }

    /** The SQLSTATE that a message stands for, empty if it tells none. */
    String sqlState(String message) {
        List<Beginning> beginnings = this == DUCKDB ? OF_DUCKDB : List.of();
        return beginnings.stream()
                .filter(beginning -> message.startsWith(beginning.text()))
                .map(Beginning::sqlState)
                .findFirst()
                .orElse("");
    }
}
