package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Begins a recorded transaction, and refuses or makes up for what the driver at hand would silently ignore. */
final class TransactionStart {

    private TransactionStart() {}

    static Mono<Void> begin(
            PhysicalConnection physical, TransactionDefinition definition, @Nullable String connectionName) {
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
        Mono<Void> begin = Mono.from(driver.beginTransaction(definition));
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
