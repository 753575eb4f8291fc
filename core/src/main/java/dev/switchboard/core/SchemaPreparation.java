package dev.switchboard.core;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** Puts a session into a schema by name: the route's where it names one, else the definition's. */
record SchemaPreparation(String schema, DriverSheet sheet, ConnectionDefinition definition)
        implements SessionPreparation {

    /**
     * PostgreSQL itself would take a schema that does not exist, and cut a name that is too long. It reads {@code "$user"} as
     * the schema of the role, quoted or not.
     */
    private static final String POSTGRESQL = "SELECT set_config('search_path', quote_ident(nspname), false)"
            + " FROM pg_catalog.pg_namespace WHERE nspname::text = $1 AND nspname <> '$user'";

    static SchemaPreparation of(String schema, DriverSheet sheet, ConnectionDefinition definition) {
        return switch (sheet.product()) {
            case "PostgreSQL", "MySQL", "MariaDB", "H2" -> new SchemaPreparation(schema, sheet, definition);
            default ->
                throw new UnsupportedFeatureException(
                        definition.name(),
                        sheet.product(),
                        "a schema by name",
                        "Use one database or file per schema, each under a connection name of its own");
        };
    }

    @Override
    public Object wanted(Route route, ContextView context) {
        Object key = route.preparationKey();
        return key == null ? schema : key.toString();
    }

    @Override
    public Publisher<Void> prepare(Connection connection, Object wanted) {
        String name = wanted.toString();
        return switch (sheet.product()) {
            case "PostgreSQL" -> searchPath(connection, name);
            case "H2" -> sent(connection, "SET SCHEMA " + sheet.quoted(name));
            default -> sent(connection, "USE " + sheet.quoted(name));
        };
    }

    private static Mono<Void> sent(Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .flatMap(Result::getRowsUpdated)
                .then();
    }

    private Mono<Void> searchPath(Connection connection, String name) {
        return Flux.from(connection.createStatement(POSTGRESQL).bind("$1", name).execute())
                .flatMap(result -> result.map(row -> name))
                .switchIfEmpty(Mono.error(() -> noSchema(name)))
                .then();
    }

    private InvalidDefinitionException noSchema(String name) {
        return new InvalidDefinitionException(
                definition.name(),
                "the schema " + ErrorText.quoted(name) + " does not exist in the database at " + definition.where(),
                "a schema that exists",
                "Create the schema first, or correct its name");
    }
}
