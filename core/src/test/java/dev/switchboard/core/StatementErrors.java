package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Errors of statements that were not sent, for {@link ErrorMessagesTests}. */
final class StatementErrors {

    private StatementErrors() {}

    static List<ErrorMessagesTests.Spoken> spoken() {
        return List.of(
                new ErrorMessagesTests.Spoken(
                        new ConnectionPausedException("orders"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' is paused already, by somebody else who moves it. Wait until that is done, or call"
                                + " resume(..) if it was forgotten.",
                        Map.of("connectionName", "orders")),
                new ErrorMessagesTests.Spoken(
                        new WritePreventedException("orders", "DELETE\n  FROM customer"),
                        R2dbcNonTransientException.class,
                        "Connection 'orders' only reads here, since writes are prevented, and a statement came that does not"
                                + " begin like a query: [DELETE FROM customer]. Begin it with SELECT, VALUES or WITH, or write"
                                + " outside of this scope, with readWrite().",
                        Map.of("connectionName", "orders", "sql", "DELETE FROM customer")),
                new ErrorMessagesTests.Spoken(
                        new OverlappingStatementException(
                                "orders", "SELECT 2", "SELECT id\n  FROM customer", Duration.ofSeconds(1)),
                        R2dbcNonTransientException.class,
                        "Connection 'orders': a statement waited 1 s behind another one of the same connection whose rows"
                                + " nobody reads. Waiting: [SELECT 2]. Open: [SELECT id FROM customer]. One connection"
                                + " runs one statement at a time: consume the first result before the second statement"
                                + " (collectList()), run the second on another connection, or keep fewer in flight"
                                + " (fetchSize, flatMap with a smaller concurrency).",
                        Map.of(
                                "connectionName", "orders",
                                "waitingSql", "SELECT 2",
                                "openSql", "SELECT id FROM customer",
                                "waited", Duration.ofSeconds(1))));
    }
}
