package dev.switchboard.core;

import dev.switchboard.databases.Product;
import dev.switchboard.jdbc.BridgeConnection;
import io.asyncer.r2dbc.mysql.api.MySqlConnection;
import io.r2dbc.h2.H2Connection;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import org.mariadb.r2dbc.api.MariadbConnection;

/** The type under which each product's driver publishes its connection. */
final class DriverTypes {

    private DriverTypes() {}

    static Class<? extends Connection> of(Product product) {
        return switch (product) {
            case POSTGRESQL -> PostgresqlConnection.class;
            case MYSQL -> MySqlConnection.class;
            case MARIADB -> MariadbConnection.class;
            case SQLITE -> BridgeConnection.class;
            case H2 -> H2Connection.class;
        };
    }

    static Class<? extends Connection> ofAnother(Product product) {
        return product == Product.POSTGRESQL ? MySqlConnection.class : PostgresqlConnection.class;
    }
}
