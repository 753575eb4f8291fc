package dev.switchboard.core;

import static io.r2dbc.spi.ConnectionFactoryOptions.DATABASE;
import static io.r2dbc.spi.ConnectionFactoryOptions.HOST;
import static io.r2dbc.spi.ConnectionFactoryOptions.PROTOCOL;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All that the sessions of a definition depend on, but the schema or database that they stand in. Where two are equal, a
 * connection of one definition becomes one of the other by standing there. Options are compared by value, and what cannot be
 * compared so (a function, a list of bytes) by identity: a doubt means that they differ.
 */
final class Likeness {

    /** Holds the password, so it is never shown. */
    private final List<Object> parts;

    private final int hash;

    private Likeness(List<Object> parts) {
        this.parts = parts;
        this.hash = parts.hashCode();
    }

    /** Null for a definition whose connections cannot go to another name, nor come from one. */
    static @Nullable Likeness of(ConnectionDefinition definition) {
        ConnectionFactoryOptions options = definition.options();
        DriverSheet sheet = DriverSheet.of(definition.driver());
        if (options == null || !sheet.can(DriverSheet.Capability.CHANGES_SCHEMA) || !leadsToOneServer(options)) {
            return null;
        }
        // What a preparation of its own has set, nobody else can undo.
        if (definition.preparation() != null || (usesDatabases(sheet) && standingPlace(definition) == null)) {
            return null;
        }
        ConnectionFactoryOptions compared = usesDatabases(sheet)
                ? ConnectionFactoryOptions.builder()
                        .from(options, option -> !option.name().equals(DATABASE.name()))
                        .build()
                : options;
        return new Likeness(List.of(
                sheet.product(),
                compared,
                definition.settings(),
                Set.copyOf(definition.uncheckedOptions()),
                definition.role()));
    }

    /** Several hosts may be several servers. */
    private static boolean leadsToOneServer(ConnectionFactoryOptions options) {
        Object protocol = options.getValue(PROTOCOL);
        Object host = options.getValue(HOST);
        return (protocol == null || protocol.toString().isEmpty())
                && host != null
                && host.toString().indexOf(',') < 0;
    }

    /** Whether a schema is a database there, which a session changes with {@code USE}. */
    static boolean usesDatabases(DriverSheet sheet) {
        return sheet.can(DriverSheet.Capability.KILL_QUERY);
    }

    /** Where its sessions stand when their borrower gets them: the schema, else the database of the log-in; null where neither is named. */
    static @Nullable String standingPlace(ConnectionDefinition definition) {
        String schema = definition.schema();
        ConnectionFactoryOptions options = definition.options();
        Object database = schema == null && options != null ? options.getValue(DATABASE) : schema;
        return database == null ? null : database.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof Likeness that && hash == that.hash && parts.equals(that.parts));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** Without what is compared. */
    @Override
    public String toString() {
        return "Likeness";
    }
}
