package dev.switchboard.core;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A driver that we know by name, present or not.
 *
 * @param name its name in a URL
 * @param artifact the Maven artifact that contains it, as groupId:artifactId
 * @param port the port it connects to where none is given, or 0
 */
record KnownDriver(String name, String artifact, int port) {

    private static final Map<String, KnownDriver> BY_NAME = Stream.of(
                    new KnownDriver("postgresql", "org.postgresql:r2dbc-postgresql", 5432),
                    new KnownDriver("postgres", "org.postgresql:r2dbc-postgresql", 5432),
                    new KnownDriver("mysql", "io.asyncer:r2dbc-mysql", 3306),
                    new KnownDriver("mariadb", "org.mariadb:r2dbc-mariadb", 3306),
                    new KnownDriver("sqlite", "dev.switchboard:switchboard-jdbc-bridge", 0),
                    new KnownDriver("duckdb", "dev.switchboard:switchboard-jdbc-bridge", 0),
                    new KnownDriver("jdbc", "dev.switchboard:switchboard-jdbc-bridge", 0),
                    new KnownDriver("h2", "io.r2dbc:r2dbc-h2", 0),
                    new KnownDriver("sqlserver", "io.r2dbc:r2dbc-mssql", 1433),
                    new KnownDriver("mssql", "io.r2dbc:r2dbc-mssql", 1433),
                    new KnownDriver("oracle", "com.oracle.database.r2dbc:oracle-r2dbc", 1521),
                    new KnownDriver("cloudspanner", "com.google.cloud:cloud-spanner-r2dbc", 0),
                    new KnownDriver("clickhouse", "com.clickhouse:clickhouse-r2dbc", 0))
            .collect(Collectors.toUnmodifiableMap(KnownDriver::name, driver -> driver));

    static @Nullable KnownDriver named(@Nullable String name) {
        return name == null ? null : BY_NAME.get(name);
    }

    /** Known drivers whose names look like this one. */
    static List<String> namedLike(String name) {
        return NearMisses.of(name, BY_NAME.keySet().stream());
    }
}
