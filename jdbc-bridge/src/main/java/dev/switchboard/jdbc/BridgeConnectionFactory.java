package dev.switchboard.jdbc;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Opens connections, each one on a worker of its own. Closing it refuses new ones and leaves open ones alone. */
final class BridgeConnectionFactory implements ConnectionFactory, Closeable {
    private final JdbcProduct product;
    private final BridgeSettings settings;
    private final AtomicBoolean closed = new AtomicBoolean();

    BridgeConnectionFactory(JdbcProduct product, BridgeSettings settings) {
        this.product = product;
        this.settings = settings;
    }

    JdbcProduct product() {
        return product;
    }

    BridgeSettings settings() {
        return settings;
    }

    @Override
    public Mono<Connection> create() {
        return Mono.defer(
                () -> closed.get() ? Mono.error(closedFailure()) : new OpenMono(product, settings, closed::get));
    }

    private R2dbcNonTransientResourceException closedFailure() {
        return new R2dbcNonTransientResourceException(
                "The connection factory of " + product.target() + " is closed.", "08003");
    }

    @Override
    public ConnectionFactoryMetadata getMetadata() {
        return product::name;
    }

    @Override
    public Mono<Void> close() {
        return Mono.<Void>fromCallable(() -> {
                    if (closed.compareAndSet(false, true)) {
                        release();
                    }
                    return null;
                })
                .subscribeOn(Schedulers.boundedElastic());
    }

    private void release() throws SQLException {
        if (settings.workers() != Workers.shared()) {
            settings.workers().close();
        }
        product.close();
    }

    @Override
    public String toString() {
        return "BridgeConnectionFactory[" + product.name() + ", " + product.target() + "]";
    }
}
