package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.Result;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Takes a session back to what its next borrower expects, or says that only closing it will do. */
final class SessionReset {

    /**
     * Keeps the statements that the driver has cached on the server, which {@code DISCARD ALL} would drop under it.
     *
     * @see <a href="https://www.postgresql.org/docs/current/sql-discard.html">PostgreSQL: DISCARD</a>
     */
    private static final String POSTGRESQL = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *;"
            + " SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

    private static final String POSTGRESQL_STATEMENTS = "; DEALLOCATE ALL";

    /** What a session keeps of its last borrower although nobody changed anything. */
    private static final String MYSQL = "DO LAST_INSERT_ID(0)";

    private SessionReset() {}

    /**
     * Undoes what could not be seen in a session that goes to another name, all of whose changes were undone: a function may have
     * made some.
     *
     * @param keepsStatements whether the driver goes on with statements that it has on the server
     */
    static Mono<Void> forAnother(PhysicalConnection physical, boolean keepsStatements) {
        boolean hasMessage = physical.sheet().can(DriverSheet.Capability.SESSION_RESET);
        if (hasMessage) {
            physical.prepared(null);
            physical.preventsWrites(false);
        }
        String sql = hasMessage ? POSTGRESQL + (keepsStatements ? "" : POSTGRESQL_STATEMENTS) : MYSQL;
        return Flux.defer(() -> physical.driver().createStatement(sql).execute())
                .concatMap(Result::getRowsUpdated)
                .then();
    }

    static boolean possible(PhysicalConnection physical, SessionChanges changes) {
        return !needed(physical, changes) || physical.sheet().can(DriverSheet.Capability.SESSION_RESET);
    }

    /** A connection wrapped by somebody else may not hear of its release. */
    private static boolean needed(PhysicalConnection physical, SessionChanges changes) {
        return changes.needsReset(
                physical.sheet().can(DriverSheet.Capability.TIMEOUT_RESET) && physical.driver() instanceof Lifecycle);
    }

    /** Undoes the changes outside of any transaction. */
    static Mono<Void> undo(PhysicalConnection physical, SessionChanges changes) {
        Connection driver = physical.driver();
        Mono<Void> undo = Mono.empty();
        if (changes.autoCommitChanged()) {
            undo = undo.then(Mono.from(driver.setAutoCommit(true)));
        }
        if (changes.isolationChanged()) {
            undo = undo.then(TransactionStart.isolation(physical, physical.initialIsolation()));
        }
        if (needed(physical, changes)) {
            physical.prepared(null);
            // What was set there is undone too; elsewhere a session that needs this is closed.
            physical.preventsWrites(false);
            // The driver knows from the server whether a BEGIN of the borrower's own left a transaction open.
            undo = undo.then(Mono.defer(() -> Mono.from(driver.rollbackTransaction())))
                    .thenMany(
                            Flux.defer(() -> driver.createStatement(POSTGRESQL).execute()))
                    .flatMap(Result::getRowsUpdated)
                    .then();
        }
        return undo.then(Mono.defer(
                () -> driver instanceof Lifecycle lifecycle ? Mono.from(lifecycle.preRelease()) : Mono.empty()));
    }
}
