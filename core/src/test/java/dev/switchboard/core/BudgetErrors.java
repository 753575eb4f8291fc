package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The errors of a connection budget and of circuit breakers, for {@link ErrorMessagesTests}. */
final class BudgetErrors {

    private static final BudgetStatus IN_THE_WAY =
            new BudgetStatus("db1:5432", 13, new PoolCounts(10, 1, 2, 25, 13), 7, 0);

    private BudgetErrors() {}

    static List<ErrorMessagesTests.Spoken> spoken() {
        return List.of(atACap(), inItsOwnWay(), broken(), tooManyForACap(), tooManyForAPool());
    }

    private static ErrorMessagesTests.Spoken inItsOwnWay() {
        return new ErrorMessagesTests.Spoken(
                new BudgetDeadlockException("orders", List.of("orders"), null),
                R2dbcTransientResourceException.class,
                "Connection 'orders' was asked for by a chain that holds 'orders', and there is no room left,"
                        + " nor a reserve. It did not wait, since it could be waiting for itself. Give back the"
                        + " first connection before asking for the second, do both on one, or raise the maxSize of"
                        + " its pool; of a SQLite file only one can write.",
                Map.of("connectionName", "orders", "held", List.of("orders")));
    }

    private static ErrorMessagesTests.Spoken tooManyForACap() {
        return new ErrorMessagesTests.Spoken(
                new CapTooLowException(null, 600, "db1:5432", 48),
                R2dbcNonTransientResourceException.class,
                "600 connections were asked for at the same time, and db1:5432 lets borrowers have 48. Nothing was taken."
                        + " Ask fewer databases at a time, give an ordered fan-out a Keyset, so that it reads pages and holds"
                        + " nothing between them, or raise the cap of the ConnectionBudget.",
                Map.of("wanted", 600, "scope", "db1:5432", "most", 48));
    }

    private static ErrorMessagesTests.Spoken tooManyForAPool() {
        return new ErrorMessagesTests.Spoken(
                new CapTooLowException("orders", 2, "the pool of 'orders'", 1),
                R2dbcNonTransientResourceException.class,
                "2 connections were asked for at the same time, and the pool of 'orders' lets borrowers have 1. Nothing"
                        + " was taken. Ask fewer databases at a time, give an ordered fan-out a Keyset, so that it reads pages"
                        + " and holds nothing between them, or raise the maxSize of its PoolOptions.",
                Map.of("connectionName", "orders", "wanted", 2, "scope", "the pool of 'orders'", "most", 1));
    }

    private static ErrorMessagesTests.Spoken atACap() {
        return new ErrorMessagesTests.Spoken(
                new BudgetDeadlockException("orders", List.of("billing"), IN_THE_WAY),
                R2dbcTransientResourceException.class,
                "Connection 'orders' was asked for by a chain that holds 'billing', and there is no room left,"
                        + " nor a reserve (db1:5432 has 13 of 13 connections open: in use 10, idle 1, opening 2,"
                        + " waiting 25). It did not wait, since it could be waiting for itself. Give back the"
                        + " first connection before asking for the second, do both on one, or raise the cap or the"
                        + " reserve of the ConnectionBudget.",
                Map.of(
                        "connectionName",
                        "orders",
                        "held",
                        List.of("billing"),
                        "cap",
                        "db1:5432",
                        "capMax",
                        13,
                        "capOpen",
                        13));
    }

    private static ErrorMessagesTests.Spoken broken() {
        return new ErrorMessagesTests.Spoken(
                new CircuitOpenException(
                        "orders",
                        "db1:5432",
                        new ConnectPace.Failure("db1:5432", "ConnectException", Duration.ofMillis(1500))),
                R2dbcTransientResourceException.class,
                "Connection 'orders': nobody connects to db1:5432 for now, as its circuit breaker is open; the"
                        + " last attempt failed 1.5 s ago (ConnectException). Check that it is running and can"
                        + " be reached from here. The breaker lets an attempt through by itself after its wait;"
                        + " retry later, for example with retryTransient().",
                Map.of("connectionName", "orders", "where", "db1:5432", "lastFailure", "ConnectException"));
    }
}
