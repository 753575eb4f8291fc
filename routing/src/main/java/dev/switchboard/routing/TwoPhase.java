package dev.switchboard.routing;

import dev.switchboard.core.UnsupportedFeatureException;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.TransactionDefinition;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * How a product prepares and finishes a part of a transaction.
 *
 * @see <a href="https://www.postgresql.org/docs/17/sql-prepare-transaction.html">PREPARE TRANSACTION</a>
 * @see <a href="https://dev.mysql.com/doc/refman/8.0/en/xa-statements.html">XA</a>
 */
enum TwoPhase {
    POSTGRESQL {
        @Override
        Mono<Void> begin(Branch branch, TransactionOptions options, BranchId id) {
            return branch.beginPlain(options);
        }

        /** In a transaction that has failed already, PREPARE succeeds and prepares nothing. */
        @Override
        Mono<Void> prepare(Branch branch, BranchId id) {
            return branch.execute("PREPARE TRANSACTION '" + id.forPostgresql() + "'")
                    .then(branch.handle().rollbackTransaction())
                    .then(isPrepared(branch, id))
                    .flatMap(prepared -> prepared
                            ? Mono.empty()
                            : Mono.error(new RollbackOnlyException(
                                    branch.name(),
                                    "failed in the database, and its error was not let through,",
                                    null)));
        }

        private Mono<Boolean> isPrepared(Branch branch, BranchId id) {
            return Flux.from(branch.handle()
                            .createStatement(
                                    "SELECT gid FROM pg_prepared_xacts WHERE gid = '" + id.forPostgresql() + "'")
                            .execute())
                    .flatMap(result -> result.map(row -> true))
                    .next()
                    .defaultIfEmpty(false);
        }

        @Override
        Mono<Void> commitPrepared(Branch branch, BranchId id) {
            return branch.execute("COMMIT PREPARED '" + id.forPostgresql() + "'");
        }

        @Override
        Mono<Void> rollbackPrepared(Branch branch, BranchId id) {
            return branch.execute("ROLLBACK PREPARED '" + id.forPostgresql() + "'");
        }

        @Override
        Mono<Void> commitAlone(Branch branch, BranchId id) {
            return branch.handle().commitTransaction();
        }

        @Override
        Mono<Void> rollback(Branch branch, BranchId id) {
            return branch.handle().rollbackTransaction();
        }
    },
    XA {
        @Override
        Mono<Void> begin(Branch branch, TransactionOptions options, BranchId id) {
            if (options.getAttribute(TransactionDefinition.LOCK_WAIT_TIMEOUT) != null) {
                return Mono.error(new UnsupportedFeatureException(
                        branch.name(), "XA", "a lock wait time-out for one transaction", "Set it on the server"));
            }
            return forTheNext(branch, options).then(branch.execute("XA START " + id.forXa()));
        }

        private Mono<Void> forTheNext(Branch branch, TransactionOptions options) {
            Mono<Void> settings = Mono.empty();
            IsolationLevel level = options.getAttribute(TransactionDefinition.ISOLATION_LEVEL);
            if (level != null && !LEVELS.contains(level)) {
                return Mono.error(new UnsupportedFeatureException(
                        branch.name(),
                        "XA",
                        "the isolation level " + Shown.quoted(level.asSql()),
                        "Use one of SQL's four"));
            }
            if (level != null) {
                settings = branch.execute("SET TRANSACTION ISOLATION LEVEL " + level.asSql());
            }
            return Boolean.TRUE.equals(options.getAttribute(TransactionDefinition.READ_ONLY))
                    ? settings.then(branch.execute("SET TRANSACTION READ ONLY"))
                    : settings;
        }

        @Override
        Mono<Void> prepare(Branch branch, BranchId id) {
            return branch.execute("XA END " + id.forXa()).then(branch.execute("XA PREPARE " + id.forXa()));
        }

        @Override
        Mono<Void> commitPrepared(Branch branch, BranchId id) {
            return branch.execute("XA COMMIT " + id.forXa());
        }

        @Override
        Mono<Void> rollbackPrepared(Branch branch, BranchId id) {
            return branch.execute("XA ROLLBACK " + id.forXa());
        }

        @Override
        Mono<Void> commitAlone(Branch branch, BranchId id) {
            return branch.execute("XA END " + id.forXa())
                    .then(branch.execute("XA COMMIT " + id.forXa() + " ONE PHASE"));
        }

        /** After an error of the database the part may be ended already, which END answers with another error. */
        @Override
        Mono<Void> rollback(Branch branch, BranchId id) {
            return branch.execute("XA END " + id.forXa())
                    .onErrorComplete()
                    .then(branch.execute("XA ROLLBACK " + id.forXa()));
        }
    };

    private static final Set<IsolationLevel> LEVELS = Set.of(
            IsolationLevel.READ_UNCOMMITTED,
            IsolationLevel.READ_COMMITTED,
            IsolationLevel.REPEATABLE_READ,
            IsolationLevel.SERIALIZABLE);

    abstract Mono<Void> begin(Branch branch, TransactionOptions options, BranchId id);

    abstract Mono<Void> prepare(Branch branch, BranchId id);

    abstract Mono<Void> commitPrepared(Branch branch, BranchId id);

    abstract Mono<Void> rollbackPrepared(Branch branch, BranchId id);

    abstract Mono<Void> commitAlone(Branch branch, BranchId id);

    abstract Mono<Void> rollback(Branch branch, BranchId id);

    static @Nullable TwoPhase of(String product) {
        return switch (product) {
            case "PostgreSQL" -> POSTGRESQL;
            case "MySQL", "MariaDB" -> XA;
            default -> null;
        };
    }
}
