package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.ConnectionFactoryProvider;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** The driver {@code witness}: H2 in memory, and on which threads its factories were made. Public for the look-up of services. */
public final class WitnessProvider implements ConnectionFactoryProvider {

    static final List<String> THREADS = new CopyOnWriteArrayList<>();

    @Override
    public ConnectionFactory create(ConnectionFactoryOptions options) {
        THREADS.add(Thread.currentThread().getName());
        return ConnectionFactories.get("r2dbc:h2:mem:///" + UUID.randomUUID());
    }

    @Override
    public boolean supports(ConnectionFactoryOptions options) {
        return getDriver().equals(options.getValue(ConnectionFactoryOptions.DRIVER));
    }

    @Override
    public String getDriver() {
        return "witness";
    }
}
