/** R2DBC over JDBC on bounded-elastic workers; SQLite is the first product. */
@org.jspecify.annotations.NullMarked
module dev.switchboard.jdbc {
    requires transitive r2dbc.spi;
    requires transitive reactor.core;
    requires transitive org.reactivestreams;
    requires transitive org.jspecify;
    requires transitive java.sql;
    requires org.slf4j;
    requires org.xerial.sqlitejdbc;

    exports dev.switchboard.jdbc;

    provides io.r2dbc.spi.ConnectionFactoryProvider with
            dev.switchboard.jdbc.SqliteConnectionFactoryProvider,
            dev.switchboard.jdbc.DuckDbConnectionFactoryProvider,
            dev.switchboard.jdbc.JdbcConnectionFactoryProvider;
}
