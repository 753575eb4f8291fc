package dev.switchboard.databases;

import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** A database server: the one that this JVM shares, or one that belongs to a single test. */
public final class DatabaseServer implements AutoCloseable {
    private static final String MARK = UUID.randomUUID().toString().substring(0, 8);
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final Product product;
    private final RunningServer server;
    private final boolean shared;
    private final Administration administration;

    DatabaseServer(Product product, RunningServer server, boolean shared) {
        this.product = product;
        this.server = server;
        this.shared = shared;
        this.administration = new Administration(server.administratorUrl());
    }

    /**
     * The product of the server.
     *
     * @return the product
     */
    public Product product() {
        return product;
    }

    /**
     * The host that clients connect to.
     *
     * @return a host name or address
     */
    public String host() {
        return server.accountUrl().host();
    }

    /**
     * The TCP port that clients connect to; a restart keeps it.
     *
     * @return a port number
     */
    public int port() {
        return server.accountUrl().port(product);
    }

    /**
     * The account that tests log in with; it owns the databases that are created here.
     *
     * @return a user name
     */
    public String user() {
        return server.accountUrl().user();
    }

    /**
     * The password of {@link #user()}.
     *
     * @return a password that the server really checks
     */
    public String password() {
        return server.accountUrl().password();
    }

    /**
     * The R2DBC URL of one database of this server for {@link #user()}, password included.
     *
     * @param database the name of the database; it need not exist
     * @return a URL that {@code ConnectionFactories.get} takes
     */
    public String url(String database) {
        return server.accountUrl().withDatabase(database).text();
    }

    /**
     * The process of the server on this machine, for tests that watch it.
     *
     * @return a process id, or 0 where the server runs in a container or elsewhere
     */
    public long processId() {
        return server.control().processId();
    }

    /**
     * Creates an empty database that {@link #user()} owns.
     *
     * @return the database; closing it drops it
     */
    public Database createDatabase() {
        String name = "test_" + MARK + "_" + COUNT.incrementAndGet();
        execute(
                product == Product.POSTGRESQL
                        ? "CREATE DATABASE " + name + " OWNER \"" + user() + "\" STRATEGY FILE_COPY"
                        : "CREATE DATABASE " + name + " CHARACTER SET utf8mb4");
        return new Database(product, name, server.accountUrl().withDatabase(name), () -> drop(name));
    }

    /**
     * Runs one statement as the administrator of the server, on a connection of its own, and waits for its end.
     *
     * @param sql the statement
     */
    public void execute(String sql) {
        administration.execute(sql);
    }

    /**
     * Runs one query as the administrator of the server, on a connection of its own, and waits for its rows.
     *
     * @param sql the query
     * @return the rows, each value as text, an SQL null as the text {@code NULL}
     */
    public List<List<String>> query(String sql) {
        return administration.query(sql);
    }

    /**
     * Ends the server process with SIGKILL, as a crash would: clients see their connections end, data stays.
     *
     * @throws IllegalStateException on the server that this JVM shares
     */
    public void kill() {
        requireOwn("killed");
        server.control().kill();
    }

    /**
     * Starts the server again on the same port with the same data and waits until it accepts connections; one that
     * still runs is killed first.
     *
     * @throws IllegalStateException on the server that this JVM shares
     */
    public void restart() {
        requireOwn("restarted");
        server.control().restart();
    }

    /**
     * Ends the server and deletes its data.
     *
     * @throws IllegalStateException on the server that this JVM shares, which ends with the JVM
     */
    @Override
    public void close() {
        requireOwn("closed");
        server.control().close();
    }

    @Override
    public String toString() {
        return product.productName() + " server at " + host() + ":" + port();
    }

    private void drop(String database) {
        if (product == Product.POSTGRESQL) {
            execute("DROP DATABASE IF EXISTS " + database + " WITH (FORCE)");
            return;
        }
        // A session with an open transaction would make DROP DATABASE wait for its metadata locks.
        for (List<String> session :
                query("SELECT id FROM information_schema.processlist WHERE db = '" + database + "'")) {
            killSession(session.get(0));
        }
        execute("DROP DATABASE IF EXISTS " + database);
    }

    private void killSession(String id) {
        try {
            execute("KILL " + id);
        } catch (RuntimeException alreadyGone) {
            boolean open = query("SELECT id FROM information_schema.processlist WHERE id = " + id).stream()
                    .findAny()
                    .isPresent();
            if (open) {
                throw alreadyGone;
            }
        }
    }

    private void requireOwn(String what) {
        if (shared) {
            throw new IllegalStateException("The " + product.productName() + " server that this JVM shares cannot be "
                    + what + "; start one of your own with Databases.startServer(Product." + product.name() + ")");
        }
    }
}
