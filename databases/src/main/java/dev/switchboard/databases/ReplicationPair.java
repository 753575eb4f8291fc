package dev.switchboard.databases;

import java.util.ArrayList;
import java.util.List;

/**
 * A primary and a replica that copies it, both of the caller's own: PostgreSQL by streaming, MySQL and MariaDB by GTID. All methods
 * block their caller.
 */
public final class ReplicationPair implements AutoCloseable {

    private static final List<String> MYSQL = List.of(
            "log-bin=binary",
            "gtid-mode=ON",
            "enforce-gtid-consistency=ON",
            "binlog-format=ROW",
            "log-slave-updates=ON");
    private static final List<String> MARIADB = List.of("log-bin=binary", "binlog-format=ROW", "log-slave-updates=ON");

    private final Product product;
    private final DatabaseServer primary;
    private final DatabaseServer replica;
    private final String database;

    private ReplicationPair(Product product, DatabaseServer primary, DatabaseServer replica) {
        this.product = product;
        this.primary = primary;
        this.replica = replica;
        this.database = primary.createDatabase().name();
        awaitReplica();
    }

    static ReplicationPair start(Product product, Provision provision) {
        DatabaseServer primary = provision.startFromBinaries(product, settings(product, 1));
        try {
            return withReplica(product, provision, primary);
        } catch (RuntimeException notStarted) {
            primary.close();
            throw notStarted;
        }
    }

    private static ReplicationPair withReplica(Product product, Provision provision, DatabaseServer primary) {
        List<String> settings = product == Product.POSTGRESQL
                ? List.of("primary_conninfo=host=127.0.0.1 user=postgres port=" + primary.port())
                : settings(product, 2);
        DatabaseServer replica = provision.startFromBinaries(product, settings);
        try {
            if (product != Product.POSTGRESQL) {
                replica.execute("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=" + primary.port()
                        + ", MASTER_USER='" + primary.user() + "', MASTER_PASSWORD='" + primary.password() + "', "
                        + (product == Product.MYSQL
                                ? "MASTER_AUTO_POSITION=1"
                                : "MASTER_SSL=0, MASTER_USE_GTID=slave_pos"));
                replica.execute("START SLAVE");
                replica.execute("SET GLOBAL read_only = ON");
            }
            return new ReplicationPair(product, primary, replica);
        } catch (RuntimeException notJoined) {
            replica.close();
            throw notJoined;
        }
    }

    private static List<String> settings(Product product, int server) {
        if (product == Product.POSTGRESQL) {
            return List.of();
        }
        List<String> settings = new ArrayList<>(product == Product.MYSQL ? MYSQL : MARIADB);
        settings.add("server-id=" + server);
        return settings;
    }

    /**
     * The server that takes writes at the beginning.
     *
     * @return always the same server
     */
    public DatabaseServer primary() {
        return primary;
    }

    /**
     * The server that copies it.
     *
     * @return always the same server
     */
    public DatabaseServer replica() {
        return replica;
    }

    /**
     * The URL of the database that both have, on the primary.
     *
     * @return a URL with user and password
     */
    public String primaryUrl() {
        return primary.url(database);
    }

    /**
     * The URL of the database that both have, on the replica.
     *
     * @return a URL with user and password
     */
    public String replicaUrl() {
        return replica.url(database);
    }

    /** The replica goes on to receive and applies nothing any more. */
    public void pauseReplay() {
        if (product == Product.POSTGRESQL) {
            replica.execute("SELECT pg_wal_replay_pause()");
            // It only asks for the pause; what is being replayed at that moment comes to its end first.
            Waiting.until(
                    "replay is paused",
                    () -> replica.query("SELECT pg_get_wal_replay_pause_state()")
                            .get(0)
                            .contains("paused"));
        } else {
            replica.execute("STOP SLAVE SQL_THREAD");
        }
    }

    /** The replica applies what it has received. */
    public void resumeReplay() {
        replica.execute(product == Product.POSTGRESQL ? "SELECT pg_wal_replay_resume()" : "START SLAVE SQL_THREAD");
    }

    /** Waits until the replica has applied all that the primary has written. */
    public void awaitReplica() {
        switch (product) {
            case POSTGRESQL -> {
                String written = primary.query("SELECT pg_current_wal_lsn()::text")
                        .get(0)
                        .get(0);
                Waiting.until(
                        "the standby has replayed " + written,
                        () -> replica.query("SELECT COALESCE(pg_last_wal_replay_lsn() >= '" + written + "', false)")
                                .get(0)
                                .contains("true"));
            }
            case MYSQL -> {
                String written =
                        primary.query("SELECT @@global.gtid_executed").get(0).get(0);
                replica.query("SELECT WAIT_FOR_EXECUTED_GTID_SET('" + written.replace("\n", "") + "', 15)");
            }
            default -> {
                String written =
                        primary.query("SELECT @@global.gtid_binlog_pos").get(0).get(0);
                replica.query("SELECT MASTER_GTID_WAIT('" + written + "', 15)");
            }
        }
    }

    /** The replica becomes a primary, whatever the old one does. */
    public void promoteReplica() {
        if (product == Product.POSTGRESQL) {
            replica.query("SELECT pg_promote()");
            return;
        }
        replica.execute("STOP SLAVE");
        replica.execute("RESET SLAVE ALL");
        replica.execute("SET GLOBAL read_only = OFF");
    }

    /** MySQL and MariaDB: the primary refuses writes of ordinary users from now on. */
    public void demotePrimary() {
        primary.execute("SET GLOBAL read_only = ON");
    }

    /** Ends both servers and deletes their data. */
    @Override
    public void close() {
        replica.close();
        primary.close();
    }

    @Override
    public String toString() {
        return product.productName() + " pair of " + primary.port() + " and " + replica.port();
    }
}
