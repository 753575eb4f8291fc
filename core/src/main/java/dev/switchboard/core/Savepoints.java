package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Savepoints by the driver, and by SQL on PostgreSQL: its driver leaves them out in silence when it has seen that the transaction
 * failed, which is when they are needed, and whether it has seen that by then depends on how quick the network is.
 */
final class Savepoints {

    private Savepoints() {}

    static Publisher<Void> create(Connection driver, String name) {
        return isPostgresql(driver) ? run(driver, "SAVEPOINT " + name) : driver.createSavepoint(name);
    }

    static Publisher<Void> release(Connection driver, String name) {
        return isPostgresql(driver) ? run(driver, "RELEASE SAVEPOINT " + name) : driver.releaseSavepoint(name);
    }

    static Publisher<Void> rollBackTo(Connection driver, String name) {
        return isPostgresql(driver)
                ? run(driver, "ROLLBACK TO SAVEPOINT " + name)
                : driver.rollbackTransactionToSavepoint(name);
    }

    private static boolean isPostgresql(Connection driver) {
        return driver.getMetadata().getDatabaseProductName().equals("PostgreSQL");
    }

    /** The name is quoted by now. */
    private static Publisher<Void> run(Connection driver, String sql) {
        return Flux.from(driver.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }
}
