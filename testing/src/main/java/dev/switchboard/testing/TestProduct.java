package dev.switchboard.testing;

import java.util.Arrays;
import java.util.Map;

/** What a test's database can be. */
public enum TestProduct {
    /** SQLite in memory, made anew for each test; needs nothing but {@code switchboard-jdbc-bridge}. */
    SQLITE("sqlite", "", 0, Map.of()),
    /** PostgreSQL; needs {@code org.postgresql:r2dbc-postgresql}. */
    POSTGRESQL("postgresql", "postgres:17", 5432, Map.of("POSTGRES_PASSWORD", TestServer.CONTAINER_PASSWORD)),
    /** MySQL; needs {@code io.asyncer:r2dbc-mysql}. */
    MYSQL("mysql", "mysql:8.4", 3306, Map.of("MYSQL_ROOT_PASSWORD", TestServer.CONTAINER_PASSWORD)),
    /** MariaDB; needs {@code org.mariadb:r2dbc-mariadb}. */
    MARIADB("mariadb", "mariadb:11.4", 3306, Map.of("MARIADB_ROOT_PASSWORD", TestServer.CONTAINER_PASSWORD));

    private final String driver;
    private final String image;
    private final int port;

    @SuppressWarnings("ImmutableEnumChecker") // Map.of cannot be changed.
    private final Map<String, String> environment;

    TestProduct(String driver, String image, int port, Map<String, String> environment) {
        this.driver = driver;
        this.image = image;
        this.port = port;
        this.environment = environment;
    }

    /** {@return the name of the R2DBC driver, as it stands in a URL} */
    public String driver() {
        return driver;
    }

    boolean isServer() {
        return port > 0;
    }

    String image() {
        return image;
    }

    int port() {
        return port;
    }

    Map<String, String> environment() {
        return environment;
    }

    /** The configuration parameter with the server's URL. */
    String urlKey() {
        return "switchboard.test." + driver + ".url";
    }

    static String[] urlKeys() {
        return Arrays.stream(values())
                .filter(TestProduct::isServer)
                .map(TestProduct::urlKey)
                .toArray(String[]::new);
    }

    String administrator() {
        return this == POSTGRESQL ? "postgres" : "root";
    }

    /** The name is made by us of small letters and digits, so it needs no quotes. */
    String create(String database) {
        return "CREATE DATABASE " + database;
    }

    /** Whatever the test left open must not keep its database alive. */
    String drop(String database) {
        return "DROP DATABASE IF EXISTS " + database + (this == POSTGRESQL ? " WITH (FORCE)" : "");
    }
}
