package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a definition leads: the options of a driver that the registry opens itself, or a factory that was handed in. Exactly
 * one of them is there.
 */
record ConnectionTarget(
        @Nullable ConnectionFactoryOptions options,
        @Nullable ConnectionFactory factory) {

    static ConnectionTarget of(String name, ConnectionFactoryOptions options) {
        Objects.requireNonNull(options, "options");
        return new ConnectionTarget(DefinitionChecks.options(DefinitionChecks.name(name), options), null);
    }

    static ConnectionTarget of(String name, ConnectionFactory factory) {
        Objects.requireNonNull(factory, "factory");
        return new ConnectionTarget(null, DefinitionChecks.factory(DefinitionChecks.name(name), factory));
    }

    ConnectionTarget with(String name, Option<?> option, Object value) {
        Objects.requireNonNull(option, "option");
        Objects.requireNonNull(value, option.name());
        ConnectionFactoryOptions changed = required(name, "the option '" + ErrorText.name(option.name()) + "'")
                .mutate()
                .option(Option.<Object>valueOf(option.name()), value)
                .build();
        return of(name, changed);
    }

    ConnectionFactoryOptions required(String name, String toSet) {
        if (options == null) {
            throw new InvalidDefinitionException(
                    name,
                    toSet + " was set on a definition that was made from a connection factory",
                    "options of drivers that the registry opens itself",
                    "Set it where the factory is built");
        }
        return options;
    }

    String driver() {
        if (options != null) {
            return String.valueOf(options.getValue(ConnectionFactoryOptions.DRIVER));
        }
        return Objects.requireNonNull(factory).getMetadata().getName().toLowerCase(Locale.ROOT);
    }

    String where() {
        return options == null ? "the address of its connection factory" : ConnectionAddress.where(options);
    }

    @Nullable
    String database() {
        return options == null ? null : ConnectionAddress.database(options);
    }

    ConnectionFactory open(ConnectionDefinition definition) {
        return options == null ? Objects.requireNonNull(factory) : new DriverLookup(definition, options).open();
    }
}
