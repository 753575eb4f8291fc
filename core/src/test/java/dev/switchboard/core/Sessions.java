package dev.switchboard.core;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import java.util.List;

/** What the server itself says about the sessions in a database. */
final class Sessions {

    private Sessions() {}

    static List<String> in(Database database) {
        return in(server(database), database);
    }

    static List<String> in(DatabaseServer server, Database database) {
        String sql = database.product() == Product.POSTGRESQL
                ? "SELECT pid FROM pg_stat_activity WHERE datname = '" + database.name() + "'"
                : "SELECT id FROM information_schema.processlist WHERE db = '" + database.name() + "'";
        return server.query(sql).stream().map(row -> row.get(0)).toList();
    }

    static void kill(Database database) {
        String words = database.product() == Product.POSTGRESQL ? "SELECT pg_terminate_backend(%s)" : "KILL %s";
        for (String session : in(database)) {
            if (database.product() == Product.POSTGRESQL) {
                server(database).query(words.formatted(session));
            } else {
                server(database).execute(words.formatted(session));
            }
        }
        awaitNone(database);
    }

    /** A server notices the end of a connection a little later than its client. */
    static void awaitNone(Database database) {
        if (database.product().isServer()) {
            Waiting.until("no session in " + database, () -> in(database).isEmpty());
        }
    }

    /** What was sent is not there yet: stopped before that, it would begin afterwards and sleep to its end. */
    static void awaitSleeping(Database database) {
        String sql = database.product() == Product.POSTGRESQL
                ? "SELECT pid FROM pg_stat_activity WHERE datname = '" + database.name()
                        + "' AND state = 'active' AND query LIKE 'SELECT pg_sleep%'"
                : "SELECT id FROM information_schema.processlist WHERE db = '" + database.name()
                        + "' AND info LIKE 'SELECT sleep%'";
        Waiting.until(
                "somebody sleeps in " + database,
                () -> !server(database).query(sql).isEmpty());
    }

    private static DatabaseServer server(Database database) {
        return Databases.server(database.product());
    }
}
