package dev.switchboard.examples.quickstart;

import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;

/** A real PostgreSQL and a real MySQL that live as long as the program. */
final class Servers implements AutoCloseable {

    private final DatabaseServer postgresql;
    private final DatabaseServer mysql;

    private Servers(DatabaseServer postgresql, DatabaseServer mysql) {
        this.postgresql = postgresql;
        this.mysql = mysql;
    }

    static Servers start() {
        DatabaseServer postgresql = Databases.startServer(Product.POSTGRESQL);
        try {
            return new Servers(postgresql, Databases.startServer(Product.MYSQL));
        } catch (RuntimeException failure) {
            postgresql.close();
            throw failure;
        }
    }

    /** An R2DBC URL such as {@code r2dbc:postgresql://user:password@host:port/database}. */
    String postgresql() {
        return postgresql.createDatabase().url();
    }

    /** An R2DBC URL such as {@code r2dbc:mysql://user:password@host:port/database}. */
    String mysql() {
        return mysql.createDatabase().url();
    }

    @Override
    public void close() {
        mysql.close();
        postgresql.close();
    }
}
