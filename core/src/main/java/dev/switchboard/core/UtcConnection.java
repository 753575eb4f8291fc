package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.Wrapped;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A connection of the MariaDB driver, on a session in UTC, that takes and gives points in time right in every JVM. */
final class UtcConnection extends DelegatingConnection implements Wrapped<Connection> {

    private final Connection driver;

    private UtcConnection(Connection driver) {
        this.driver = driver;
    }

    static ConnectionFactory factory(ConnectionFactory driver) {
        return new Factory(driver);
    }

    @Override
    Connection delegate() {
        return driver;
    }

    @Override
    public Statement createStatement(String sql) {
        return new UtcStatement(driver.createStatement(sql));
    }

    @Override
    public Connection unwrap() {
        return driver;
    }

    @Override
    public <E> @Nullable E unwrap(Class<E> type) {
        return type.isInstance(driver) ? type.cast(driver) : null;
    }

    @Override
    public String toString() {
        return driver.toString();
    }

    private record Factory(ConnectionFactory driver) implements ConnectionFactory {

        @Override
        public Mono<Connection> create() {
            return Mono.from(driver.create()).map(UtcConnection::new);
        }

        @Override
        public ConnectionFactoryMetadata getMetadata() {
            return driver.getMetadata();
        }

        /** Not the driver's own text, which shows its options. */
        @Override
        public String toString() {
            return "ConnectionFactory[" + driver.getMetadata().getName() + " in UTC]";
        }
    }
}
