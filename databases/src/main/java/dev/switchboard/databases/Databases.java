package dev.switchboard.databases;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Real databases for tests and examples.
 *
 * <p>Where the server of a product comes from is decided once in each JVM and printed in one line. A URL in the system
 * property {@code testdb.<driver>.url} (or the environment variable {@code TESTDB_<DRIVER>_URL}) always wins; then
 * comes Testcontainers, where a Docker engine really answers; then the server binaries on the class path. The property
 * {@code testdb.mode} ({@code auto}, {@code binaries}, {@code docker}) narrows this. {@code testdb.require} lists the
 * products that must run, separated by commas: one of them that cannot run is an error, any other aborts the test with
 * the reason. On Linux on x86-64 all five must run unless it says otherwise, elsewhere SQLite and H2.
 *
 * <p>All methods block their caller. Servers start when they are first needed and end with the JVM.
 */
public final class Databases {
    private static @Nullable Provision provision;

    private Databases() {}

    /**
     * Creates a fresh and empty database: on the shared server of the product, as an SQLite file in a temporary
     * folder, or in memory (H2).
     *
     * @param product the product
     * @return a database that nobody else uses; closing it drops it
     */
    public static Database create(Product product) {
        provision().requireAvailable(product);
        return switch (product) {
            case POSTGRESQL, MYSQL, MARIADB -> server(product).createDatabase();
            case SQLITE -> EmbeddedDatabases.sqlite();
            case H2 -> EmbeddedDatabases.h2();
        };
    }

    /**
     * The server that this JVM shares; started when it is first asked for.
     *
     * @param product PostgreSQL, MySQL or MariaDB
     * @return always the same server
     */
    public static DatabaseServer server(Product product) {
        return provision().server(product);
    }

    /**
     * Starts a server that belongs to the caller alone, who can kill, restart and must close it.
     *
     * @param product PostgreSQL, MySQL or MariaDB
     * @param settings settings of the server, for example {@code max_connections=10}; they win over the usual ones
     * @return a server that accepts connections
     */
    public static DatabaseServer startServer(Product product, String... settings) {
        return provision().startServer(product, List.of(settings));
    }

    /**
     * Starts a server of the caller's own that speaks TLS with a certificate of {@link TestCertificates}; it takes
     * connections without TLS too. Always from the binaries: a container does not see the certificates.
     *
     * @param product PostgreSQL, MySQL or MariaDB; newer JDKs than 17 no longer speak the TLS of the MySQL server that we have
     * @param hostName what its certificate is for, {@link TestCertificates#SERVER_NAME} or
     *     {@link TestCertificates#OTHER_NAME}
     * @param settings settings of the server; they win over the usual ones
     * @return a server that accepts connections
     */
    public static DatabaseServer startTlsServer(Product product, String hostName, String... settings) {
        return provision().startTlsServer(product, hostName, List.of(settings));
    }

    /**
     * Starts a primary and a replica of the caller's own. Always from the binaries, as the servers must reach each other.
     *
     * @param product PostgreSQL, MySQL or MariaDB
     * @return two servers with one database, which the replica has already
     */
    public static ReplicationPair startReplicationPair(Product product) {
        return ReplicationPair.start(product, provision());
    }

    /**
     * The products that can be used in this JVM: those whose R2DBC driver is on the class path and whose server can be
     * had. SQLite always counts, as a file needs no server.
     *
     * @return the products in the order of their declaration
     * @throws IllegalStateException if a product that must run has its driver here but cannot run
     */
    public static Set<Product> available() {
        return provision().available();
    }

    /**
     * The products that must run in this JVM, whether their driver is on the class path or not. A module whose tests say that
     * all of these are {@linkplain #available() available} cannot be green because a driver is missing.
     *
     * @return the products that {@code testdb.require} lists, or else what this platform can run
     */
    public static Set<Product> required() {
        return Collections.unmodifiableSet(TestSettings.ofThisJvm().required());
    }

    private static synchronized Provision provision() {
        Provision existing = provision;
        if (existing == null) {
            existing = new Provision(TestSettings.ofThisJvm(), System.out::println);
            provision = existing;
        }
        return existing;
    }
}
