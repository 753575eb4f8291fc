package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a definition is split where its database lets one connection write at a time: into one that writes, and the others, which
 * only query and go on meanwhile.
 *
 * @param writer one connection
 * @param readers all others; together they are as many as the definition allows
 */
record OneWriter(ConnectionDefinition writer, ConnectionDefinition readers) {

    private static final Option<Boolean> QUERY_ONLY = Option.valueOf("queryOnly");

    /** The two parts; null where there is nothing to split, or the program has said itself who only queries. */
    static @Nullable OneWriter of(ConnectionDefinition definition) {
        int size = definition.pool().maxSize();
        if (size < 2 || !hasOneWriter(definition)) {
            return null;
        }
        int minIdle = definition.pool().minIdle();
        // The first one that waits ahead is a reader: every handle begins with one.
        int idleWriters = minIdle < 2 ? 0 : 1;
        return new OneWriter(
                definition.withPool(pool -> pool.maxSize(1).minIdle(idleWriters)),
                definition
                        .withOption(QUERY_ONLY, true)
                        .withPool(pool -> pool.maxSize(size - 1).minIdle(minIdle - idleWriters)));
    }

    private static boolean hasOneWriter(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        return options != null
                // What a preparation of the program's own does to a session may be a write.
                && definition.preparation() == null
                && DriverSheet.of(definition.driver()).can(DriverSheet.Capability.ONE_WRITER)
                && AllowedFiles.isFile(definition)
                && !options.hasOption(QUERY_ONLY)
                && !is(options, "readOnly", "true", "on")
                && !is(options, "immutable", "true", "on")
                && !is(options, "mode", "ro");
    }

    /** Whether the connections of a definition refuse writes by themselves. */
    static boolean isQueryOnly(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        return options != null && is(options, QUERY_ONLY.name(), "true", "on");
    }

    private static boolean is(ConnectionFactoryOptions options, String name, String... values) {
        Object value = options.getValue(Option.valueOf(name));
        String said = String.valueOf(value).toLowerCase(Locale.ROOT);
        return value != null && List.of(values).contains(said);
    }

    /** How long a definition lets its connections wait for a lock, or null where it does not say. */
    static @Nullable Duration lockWaitTimeout(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        Object said = options == null ? null : options.getValue(Option.valueOf("lockWaitTimeout"));
        if (said == null) {
            return definition.settings().lockTimeout();
        }
        try {
            return said instanceof Duration typed ? typed : Duration.parse(said.toString());
        } catch (DateTimeException refusedByTheDriver) {
            return null;
        }
    }
}
