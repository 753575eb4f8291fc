package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Begins a recorded transaction, and refuses or makes up for what the driver at hand would silently ignore. */
final class TransactionStart {

    private static final Set<IsolationLevel> LEVELS = Set.of(
            IsolationLevel.READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE);

    private TransactionStart() {}

    static Mono<Void> begin(
            PhysicalConnection physical,
            TransactionDefinition definition,
            SessionChanges changes,
            @Nullable String connectionName) {
        DriverSheet sheet = physical.sheet();
        Boolean readOnly = definition.getAttribute(TransactionDefinition.READ_ONLY);
        if (Boolean.TRUE.equals(readOnly) && !sheet.can(DriverSheet.Capability.READ_ONLY_TRANSACTION)) {
            return Mono.error(new UnsupportedFeatureException(
                    connectionName,
                    sheet.product(),
                    "a read-only transaction (its driver ignores the wish)",
                    "Begin a read-write transaction, or use a user without write access"));
        }
        if (WritePrevention.contradicts(physical, definition)) {
            return Mono.error(new TransactionStateException(
                    connectionName,
                    "A transaction that writes was to begin where writes are prevented",
                    "Begin it outside of this scope, with readWrite(), or let it only read"));
        }
        Duration lockWait = definition.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT);
        Connection driver = physical.driver();
        IsolationLevel level = definition.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
        boolean bySql = level != null && sheet.can(DriverSheet.Capability.ISOLATION_BY_SQL);
        if (bySql) {
            changes.isolation();
        }
        Mono<Void> begin = bySql
                ? isolation(physical, level).then(Mono.defer(() -> Mono.from(driver.beginTransaction())))
                : Mono.from(driver.beginTransaction(definition));
        if (lockWait == null || sheet.can(DriverSheet.Capability.TRANSACTION_LOCK_TIMEOUT)) {
            return begin;
        }
        if (!sheet.product().equals("PostgreSQL")) {
            return Mono.error(new UnsupportedFeatureException(
                    connectionName,
                    sheet.product(),
                    "a lock wait time-out for one transaction (its driver ignores the wish)",
                    "Set it on the server or in the connection's options"));
        }
        String setting = "SET LOCAL lock_timeout = " + lockWait.toMillis();
        return begin.thenMany(Flux.defer(() -> driver.createStatement(setting).execute()))
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    /** Sets the level of the session's transactions from the next one on. */
    static Mono<Void> isolation(PhysicalConnection physical, IsolationLevel level) {
        Connection driver = physical.driver();
        if (!physical.sheet().can(DriverSheet.Capability.ISOLATION_BY_SQL)) {
            return Mono.from(driver.setTransactionIsolationLevel(level));
        }
        if (!LEVELS.contains(level)) {
            return Mono.error(new IllegalArgumentException("The isolation level " + ErrorText.quoted(level.asSql())
                    + " is none that " + physical.sheet().product() + " knows. Use one of "
                    + LEVELS.stream().map(IsolationLevel::asSql).sorted().toList()));
        }
        String sql = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL " + level.asSql();
        return Flux.from(driver.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    /** A definition without any wish. */
    static final class Plain implements TransactionDefinition {

        static final Plain INSTANCE = new Plain();

        private Plain() {}

        @Override
        public <T> @Nullable T getAttribute(Option<T> option) {
            return null;
        }
    }
}
