package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Connection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/**
 * SQL with named parameters, on whichever database the Context chooses: the same call runs on PostgreSQL, MySQL, MariaDB,
 * SQLite and H2, since the parameters are written for the product of the connection at hand.
 *
 * <pre>{@code Flux<Customer> customers = db.sql("SELECT id, name FROM customer WHERE age > :age")
 *         .bind("age", 18)
 *         .map(Customer.class)
 *         .all()
 *         .contextWrite(usingConnection("billing"));}</pre>
 *
 * <p>Thread-safe. Everything happens at subscription.
 */
public final class SqlClient {

    private final RoutingConnectionFactory routed;
    private final Transactions transactions;
    private final SqlCache cache = new SqlCache();

    private SqlClient(RoutingConnectionFactory routed) {
        this.routed = routed;
        this.transactions = new Transactions(routed);
    }

    /**
     * A client that asks this factory for its connections.
     *
     * @param routed the factory; clients over one factory, and over its views, share their transactions
     * @return the client
     */
    public static SqlClient over(RoutingConnectionFactory routed) {
        return new SqlClient(Objects.requireNonNull(routed, "routed"));
    }

    /**
     * Begins a statement. Parameters are written {@code :name}; colons inside quotes and comments, and {@code ::} casts, are
     * left alone, and so is a colon with a blank behind it. Identifiers that are not part of the text are written
     * <code>{name}</code>, see {@link SqlStatement#identifier}. A text is parsed once for each dialect, and kept in a bounded cache.
     *
     * @param sql one SQL statement
     * @return the statement without values
     */
    public SqlStatement sql(String sql) {
        return new SqlStatement(this, Objects.requireNonNull(sql, "sql"), SqlValues.NONE, SqlExecution.PLAIN);
    }

    /**
     * Begins an insert of many rows, which puts as many rows into one statement as the product takes values.
     *
     * @param table the table, after the schema where it needs one; checked and quoted as
     *     {@link SqlStatement#identifier(String, String...)} says
     * @return the insert without rows
     */
    public SqlInsert insertInto(String... table) {
        return new SqlInsert(this, new SqlIdentifier(List.of(table)), Flux.empty(), List.of(), SqlExecution.PLAIN);
    }

    /**
     * SQL about one entity, which goes where an {@link EntityRouter} of the factory says.
     *
     * @param type the class of the entity
     * @return a client that shares transactions with this one
     */
    public EntityClient forEntity(Class<?> type) {
        return new EntityClient(this, new EntityKey(type));
    }

    /**
     * Runs work in a transaction, or in the one that is running already on the same factory.
     *
     * @param work what runs inside; its statements made by clients over the same factory use the transaction's connection
     * @param <T> the type of its value
     * @return the value, when the transaction is committed
     * @see #inTransaction(Mono, TransactionOptions)
     */
    public <T> Mono<T> inTransaction(Mono<T> work) {
        return inTransaction(work, TransactionOptions.defaults());
    }

    /**
     * Runs work in a transaction, or in the one that is running already on the same factory.
     *
     * @param work what runs inside; its statements made by clients over the same factory use the transaction's connection
     * @param <T> the type of its values
     * @return the values as they come; it completes when the transaction is committed
     * @see #inTransaction(Flux, TransactionOptions)
     */
    public <T> Flux<T> inTransaction(Flux<T> work) {
        return inTransaction(work, TransactionOptions.defaults());
    }

    /**
     * Runs work in a transaction: commits when it completes, rolls back when it fails or is cancelled. The route is fixed by
     * the hints outside of the transaction; a statement inside that asks for another is a {@link RouteConflictException}. No
     * connection is taken before the first statement, so work without SQL costs none.
     *
     * @param work what runs inside
     * @param options how the transaction begins, and how it meets a running one
     * @param <T> the type of its value
     * @return the value, when the transaction is committed and its connection given back; the error of a failed commit, or
     *     {@link RollbackOnlyException} where an inner transaction had failed. Cancelling rolls back in the background
     */
    public <T> Mono<T> inTransaction(Mono<T> work, TransactionOptions options) {
        Objects.requireNonNull(work, "work");
        return transactions.run(transaction -> work, Objects.requireNonNull(options, "options"));
    }

    /**
     * Runs work in a transaction, see {@link #inTransaction(Mono, TransactionOptions)}. Values arrive before the commit, so
     * one that has arrived may still be rolled back. {@code take}, {@code next} and {@code first} outside of the transaction
     * cancel it and so roll back; write them inside.
     *
     * @param work what runs inside
     * @param options how the transaction begins, and how it meets a running one
     * @param <T> the type of its values
     * @return the values as they come; it completes when the transaction is committed and its connection given back
     */
    public <T> Flux<T> inTransaction(Flux<T> work, TransactionOptions options) {
        Objects.requireNonNull(work, "work");
        return transactions.runMany(transaction -> work, Objects.requireNonNull(options, "options"));
    }

    /**
     * Runs work in a transaction that it can speak to: set savepoints, let it roll back, add hooks.
     *
     * <pre>{@code db.inTransaction(tx -> orders.save(order)
     *         .then(tx.savepoint("stock"))
     *         .then(stock.reserve(order).onErrorResume(OutOfStock.class, error -> tx.rollbackTo("stock"))))}</pre>
     *
     * @param work called at subscription with the transaction; what it returns runs inside
     * @param <T> the type of its value
     * @return the value, when the transaction is committed
     * @see #inTransaction(Mono, TransactionOptions)
     */
    public <T> Mono<T> inTransaction(Function<Transaction, ? extends Mono<T>> work) {
        return inTransaction(work, TransactionOptions.defaults());
    }

    /**
     * Runs work in a transaction that it can speak to, see {@link #inTransaction(Mono, TransactionOptions)}.
     *
     * @param work called at subscription with the transaction; what it returns runs inside
     * @param options how the transaction begins, and how it meets a running one
     * @param <T> the type of its value
     * @return the value, when the transaction is committed and its connection given back
     */
    public <T> Mono<T> inTransaction(Function<Transaction, ? extends Mono<T>> work, TransactionOptions options) {
        Objects.requireNonNull(work, "work");
        return transactions.run(work, Objects.requireNonNull(options, "options"));
    }

    /**
     * Runs work of many values in a transaction that it can speak to, see {@link #inTransaction(Flux, TransactionOptions)}.
     *
     * @param work called at subscription with the transaction; what it returns runs inside
     * @param <T> the type of its values
     * @return the values as they come; it completes when the transaction is committed
     */
    public <T> Flux<T> inTransactionMany(Function<Transaction, ? extends Publisher<T>> work) {
        return inTransactionMany(work, TransactionOptions.defaults());
    }

    /**
     * Runs work of many values in a transaction that it can speak to, see {@link #inTransaction(Flux, TransactionOptions)}.
     *
     * @param work called at subscription with the transaction; what it returns runs inside
     * @param options how the transaction begins, and how it meets a running one
     * @param <T> the type of its values
     * @return the values as they come; it completes when the transaction is committed and its connection given back
     */
    public <T> Flux<T> inTransactionMany(
            Function<Transaction, ? extends Publisher<T>> work, TransactionOptions options) {
        Objects.requireNonNull(work, "work");
        return transactions.runMany(work, Objects.requireNonNull(options, "options"));
    }

    ParsedSql parse(String sql, String product) {
        return cache.parse(sql, SqlDialect.of(product));
    }

    /** Uses the connection of the running transaction, or one of its own that is given back at every end. */
    <R> Flux<R> withConnection(Function<SwitchboardConnection, Publisher<R>> use) {
        return Flux.deferContextual(context -> {
            TransactionScope running = transactions.running(context);
            return running == null ? onOwnConnection(context, use) : inside(running, context, use);
        });
    }

    private <R> Flux<R> onOwnConnection(ContextView context, Function<SwitchboardConnection, Publisher<R>> use) {
        return Flux.usingWhen(
                Mono.fromSupplier(() -> routed.open(context)),
                use,
                Connection::close,
                (handle, failure) -> handle.close(),
                Connection::close);
    }

    private static <R> Flux<R> inside(
            TransactionScope running, ContextView context, Function<SwitchboardConnection, Publisher<R>> use) {
        return running.handleFor(context).flatMapMany(use);
    }
}
