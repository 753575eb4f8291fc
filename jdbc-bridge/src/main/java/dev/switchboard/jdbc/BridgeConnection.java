package dev.switchboard.jdbc;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Lifecycle;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.sql.SQLException;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * The connection of this driver: every method describes a command, which runs on the worker of the connection when it is
 * subscribed to, after those that were subscribed to before it. Nothing blocks its subscriber.
 *
 * <p>Whoever gets it as a plain {@link Connection} casts or unwraps it to reach {@link #jdbc}.
 */
public final class BridgeConnection implements Connection, Lifecycle {
    private final CommandQueue queue;
    private final ConnectionMetadata metadata;
    private final int fetchSize;

    BridgeConnection(CommandQueue queue, int fetchSize) {
        this.queue = queue;
        this.fetchSize = fetchSize;
        this.metadata = new Metadata(queue.product().name(), queue.session().version());
    }

    CommandQueue queue() {
        return queue;
    }

    @Override
    public Mono<Void> beginTransaction() {
        return begin(TransactionPlan.PLAIN);
    }

    @Override
    public Mono<Void> beginTransaction(TransactionDefinition definition) {
        Arguments.requireNonNull(definition, "The definition of a transaction");
        try {
            return begin(TransactionPlan.of(definition));
        } catch (RuntimeException unreadable) {
            return Mono.error(unreadable);
        }
    }

    private Mono<Void> begin(TransactionPlan plan) {
        return queue.command(() -> queue.transaction().beforeBegin(plan), () -> {
            queue.transaction().begin(plan);
            return null;
        });
    }

    @Override
    public Mono<Void> commitTransaction() {
        return change(() -> queue.transaction().commit());
    }

    @Override
    public Mono<Void> rollbackTransaction() {
        return change(() -> queue.transaction().rollback());
    }

    @Override
    public Mono<Void> createSavepoint(String name) {
        Arguments.requireNonNull(name, "The name of a savepoint");
        return queue.command(() -> queue.transaction().beforeSavepoint(), () -> {
            queue.transaction().createSavepoint(name);
            return null;
        });
    }

    @Override
    public Mono<Void> releaseSavepoint(String name) {
        Arguments.requireNonNull(name, "The name of a savepoint");
        return change(() -> queue.transaction().releaseSavepoint(name));
    }

    @Override
    public Mono<Void> rollbackTransactionToSavepoint(String name) {
        Arguments.requireNonNull(name, "The name of a savepoint");
        return change(() -> queue.transaction().rollbackToSavepoint(name));
    }

    @Override
    public Mono<Void> setAutoCommit(boolean autoCommit) {
        return change(() -> queue.transaction().setAutoCommit(autoCommit));
    }

    @Override
    public boolean isAutoCommit() {
        return queue.transaction().isAutoCommit();
    }

    @Override
    public Mono<Void> setTransactionIsolationLevel(IsolationLevel isolationLevel) {
        Arguments.requireNonNull(isolationLevel, "The isolation level");
        return change(() -> queue.transaction().setIsolation(isolationLevel));
    }

    @Override
    public IsolationLevel getTransactionIsolationLevel() {
        return queue.transaction().isolation();
    }

    @Override
    public Mono<Void> setLockWaitTimeout(Duration timeout) {
        Arguments.requireTimeout(timeout);
        return change(() -> queue.transaction().setLockWaitTimeout(timeout));
    }

    @Override
    public Mono<Void> setStatementTimeout(Duration timeout) {
        Arguments.requireTimeout(timeout);
        return change(() -> queue.setStatementTimeout(timeout));
    }

    @Override
    public Statement createStatement(String sql) {
        Arguments.requireNonNull(sql, "The SQL of a statement");
        return new JdbcStatement(queue, queue.parse(sql), fetchSize);
    }

    @Override
    public Batch createBatch() {
        return new JdbcBatch(queue, fetchSize);
    }

    @Override
    public ConnectionMetadata getMetadata() {
        return metadata;
    }

    @Override
    public Mono<Boolean> validate(ValidationDepth depth) {
        Arguments.requireNonNull(depth, "The depth of a validation");
        if (depth == ValidationDepth.LOCAL) {
            return Mono.fromSupplier(() -> !queue.isClosed());
        }
        return queue.<Boolean>command(() -> {
                    queue.session().ping();
                    return true;
                })
                .onErrorReturn(false);
    }

    @Override
    public Mono<Void> postAllocate() {
        return Mono.empty();
    }

    /** Leaves nothing of one borrower to the next: open rows, transaction, auto-commit and time-outs. */
    @Override
    public Mono<Void> preRelease() {
        return change(queue::reset);
    }

    @Override
    public Mono<Void> close() {
        return queue.close();
    }

    /**
     * Does something that only JDBC can do, such as SQLite's own functions and limits. The work runs on the worker of this
     * connection, in its turn; it may block there. It must leave the connection open, and transactions to this class. A cancel
     * before its turn skips it, and afterwards interrupts the statement that runs, if that is SQLite; elsewhere the work runs to
     * its end, for nobody.
     *
     * @param work what to do
     * @param <T> what it answers
     * @return the answer, empty where it is null; an {@code SQLException} as the R2DBC exception that its code stands for
     */
    public <T> Mono<T> jdbc(JdbcWork<T> work) {
        Arguments.requireNonNull(work, "The work");
        return queue.command(() -> work.run(queue.session().jdbc()));
    }

    private Mono<Void> change(Change change) {
        return queue.command(() -> {
            change.run();
            return null;
        });
    }

    @Override
    public String toString() {
        return "BridgeConnection[" + queue.name() + ", " + queue.product().target() + "]";
    }

    /** Work with JDBC that answers nothing. */
    @FunctionalInterface
    private interface Change {

        void run() throws SQLException;
    }

    private record Metadata(String product, String version) implements ConnectionMetadata {

        @Override
        public String getDatabaseProductName() {
            return product;
        }

        @Override
        public String getDatabaseVersion() {
            return version;
        }
    }
}
