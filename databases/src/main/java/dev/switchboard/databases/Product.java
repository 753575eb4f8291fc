package dev.switchboard.databases;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A database product that the tests run on. */
public enum Product {
    /** PostgreSQL, a server. */
    POSTGRESQL("postgresql", "PostgreSQL", "org.postgresql:r2dbc-postgresql", 5432),
    /** MySQL, a server. */
    MYSQL("mysql", "MySQL", "io.asyncer:r2dbc-mysql", 3306),
    /** MariaDB, a server. */
    MARIADB("mariadb", "MariaDB", "org.mariadb:r2dbc-mariadb", 3306),
    /** SQLite, a file. */
    SQLITE("sqlite", "SQLite", "dev.switchboard:switchboard-jdbc-bridge", 0),
    /** H2, in the memory of this JVM. */
    H2("h2", "H2", "io.r2dbc:r2dbc-h2", 0);

    private final String driver;
    private final String productName;
    private final String driverArtifact;
    private final int standardPort;

    Product(String driver, String productName, String driverArtifact, int standardPort) {
        this.driver = driver;
        this.productName = productName;
        this.driverArtifact = driverArtifact;
        this.standardPort = standardPort;
    }

    /**
     * The name of the R2DBC driver, as it stands in a connection URL.
     *
     * @return {@code postgresql}, {@code mysql}, {@code mariadb}, {@code sqlite} or {@code h2}
     */
    public String driver() {
        return driver;
    }

    /**
     * The name that the metadata of an R2DBC connection gives to the product.
     *
     * @return {@code PostgreSQL}, {@code MySQL}, {@code MariaDB}, {@code SQLite} or {@code H2}
     */
    public String productName() {
        return productName;
    }

    /**
     * Whether the product is a server that is reached over the network.
     *
     * @return {@code false} for SQLite and H2
     */
    public boolean isServer() {
        return standardPort > 0;
    }

    String driverArtifact() {
        return driverArtifact;
    }

    int standardPort() {
        return standardPort;
    }

    static List<Product> servers() {
        return Arrays.stream(values()).filter(Product::isServer).toList();
    }

    static Optional<Product> ofDriver(String driver) {
        String wanted = driver.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(product -> product.driver.equals(wanted))
                .findFirst();
    }
}
