package dev.switchboard.core;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A SQLite file behind one name, with a table of numbers, for tests of its one writer. */
abstract class OneWriterFile {

    static final Duration LONG = Borrowing.PATIENCE;

    /** Says whether the connection that answers only queries, in a statement that any connection may run. */
    static final String ONLY_QUERIES = "SELECT query_only FROM pragma_query_only";

    final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final List<Connection> handles = new ArrayList<>();
    final Database database = Databases.create(Product.SQLITE);

    @BeforeEach
    void register() {
        registry.register(file(4, pool -> pool));
        write("CREATE TABLE t (v INTEGER)").block(LONG);
    }

    @AfterEach
    void closeEverything() {
        Borrowing.close(handles);
        Borrowing.close(registry);
        database.close();
    }

    ConnectionDefinition file(int maxSize, UnaryOperator<PoolOptions.Builder> more) {
        return ConnectionDefinition.of("file", database.url())
                .withPool(pool -> more.apply(pool.maxSize(maxSize).acquireTimeout(Duration.ofSeconds(10))));
    }

    void again(ConnectionDefinition definition) {
        registry.replace(definition).block(LONG);
    }

    <T> Mono<T> using(Function<Connection, Mono<T>> work) {
        return Mono.usingWhen(registry.connectionFactory("file").create(), work, Connection::close);
    }

    Mono<Long> write(String sql) {
        return using(connection -> Borrowing.update(connection, sql));
    }

    Mono<Object> read(String sql) {
        return Borrowing.query(registry, "file", sql);
    }

    Object rows() {
        return read("SELECT count(*) FROM t").block(LONG);
    }

    PoolCounts counts() {
        return registry.status("file").counts();
    }

    /** A handle, closed at the end where the test does not do it. */
    Connection handle() {
        Connection handle =
                Mono.from(registry.connectionFactory("file").create()).block(LONG);
        handles.add(handle);
        return handle;
    }

    static Object onlyQueries(Connection connection) {
        return Borrowing.one(connection, ONLY_QUERIES).block(LONG);
    }

    static void run(Publisher<?> work) {
        Flux.from(work).blockLast(LONG);
    }

    static TransactionDefinition attribute(Option<?> wanted, Object value) {
        return new TransactionDefinition() {
            @Override
            @SuppressWarnings("unchecked") // the option's own type
            public <T> T getAttribute(Option<T> option) {
                return option.equals(wanted) ? (T) value : null;
            }
        };
    }

    /** A handle in the middle of a transaction that has written a row. */
    Connection writing() {
        Connection holder = handle();
        run(holder.beginTransaction(attribute(TransactionDefinition.NAME, "nightly")));
        run(holder.createStatement("INSERT INTO t VALUES (length(?1))")
                .bind(0, "hush-hunter2")
                .execute());
        return holder;
    }

    void awaitWaiting(int borrowers) {
        Waiting.until(borrowers + " waiting", () -> counts().waiting() == borrowers);
    }

    static String insert(int value) {
        return "INSERT INTO t VALUES (" + value + ")";
    }
}
