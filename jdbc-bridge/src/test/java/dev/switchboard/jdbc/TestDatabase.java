package dev.switchboard.jdbc;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A database of one test and short ways to use it. */
final class TestDatabase implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ConnectionFactory factory;

    private TestDatabase(ConnectionFactory factory) {
        this.factory = factory;
    }

    static TestDatabase in(Path directory) {
        return at(directory.resolve("test.db"), Map.of());
    }

    static TestDatabase at(Path file, Map<Option<?>, ?> options) {
        ConnectionFactoryOptions.Builder builder = ConnectionFactoryOptions.builder()
                .option(ConnectionFactoryOptions.DRIVER, "sqlite")
                .option(ConnectionFactoryOptions.DATABASE, file.toString());
        options.forEach((option, value) -> set(builder, option, value));
        return new TestDatabase(ConnectionFactories.get(builder.build()));
    }

    @SuppressWarnings("unchecked")
    private static void set(ConnectionFactoryOptions.Builder builder, Option<?> option, Object value) {
        builder.option((Option<Object>) option, value);
    }

    static TestDatabase url(String url) {
        return new TestDatabase(ConnectionFactories.get(url));
    }

    /** A transaction's definition with these attributes. */
    static TransactionDefinition definition(Map<Option<?>, ?> attributes) {
        return new TransactionDefinition() {
            @Override
            @SuppressWarnings("unchecked") // each test puts the option's own type
            public <T> T getAttribute(Option<T> option) {
                return (T) attributes.get(option);
            }
        };
    }

    ConnectionFactory factory() {
        return factory;
    }

    Connection open() {
        Connection connection = Mono.from(factory.create()).block(PATIENCE);
        if (connection == null) {
            throw new AssertionError("no connection");
        }
        return connection;
    }

    /** Runs scripts, each result consumed. */
    static void run(Connection connection, String... scripts) {
        for (String script : scripts) {
            Flux.from(connection.createStatement(script).execute())
                    .concatMap(Result::getRowsUpdated)
                    .blockLast(PATIENCE);
        }
    }

    /** The first column of all rows; null as the text "null". */
    static Flux<Object> column(Statement statement) {
        return Flux.from(statement.execute()).concatMap(result -> result.map((row, metadata) -> orNull(row.get(0))));
    }

    static Flux<Object> column(Connection connection, String sql) {
        return Flux.defer(() -> column(connection.createStatement(sql)));
    }

    static List<Object> values(Connection connection, String sql) {
        return column(connection, sql).collectList().block(PATIENCE);
    }

    static void await(org.reactivestreams.Publisher<?> publisher) {
        Flux.from(publisher).blockLast(PATIENCE);
    }

    private static Object orNull(Object value) {
        return value == null ? "null" : value;
    }

    @Override
    public void close() {
        await(((Closeable) factory).close());
    }
}
