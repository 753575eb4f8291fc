package dev.switchboard.core;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What a driver can do, cannot do, or silently ignores: one row per driver, the only place where drivers are told apart.
 *
 * @param driver the driver name in an R2DBC URL
 * @param product the product name in R2DBC metadata
 * @param quote the character that quotes an identifier
 * @param capabilities what the driver does as the R2DBC specification says
 */
record DriverSheet(String driver, String product, char quote, Set<Capability> capabilities) {

    /** What a driver may be able to do. */
    enum Capability {
        /** A cancel may be passed on to the driver; without it a cancelled exchange is drained. */
        CANCEL,
        /** The server's statement can be stopped with PostgreSQL's cancel request. */
        CANCEL_REQUEST,
        /** The server's statement can be stopped with {@code KILL QUERY} from a second connection. */
        KILL_QUERY,
        /** The driver runs its calls on the subscriber's thread and must be moved off it. */
        BLOCKS_SUBSCRIBER,
        /**
         * Rows stay where they are, or change places, when they are asked for on another thread than the one that reads the
         * socket, at the moment when that one has just looked: r2dbc-mariadb 1.4.0, SimpleClient.ServerMessageSubscriber, where a
         * failed tryLock in tryDrainQueue is a lost wake-up. The driver gives its scheduler to whoever unwraps it.
         */
        ASKED_ON_ITS_LOOP,
        /** One message takes the session back to its start-up state. */
        SESSION_RESET,
        /** A session may change its schema, or its database, by SQL, and nothing of the old one stays with it. */
        CHANGES_SCHEMA,
        /** The transaction definition's read-only attribute has an effect. */
        READ_ONLY_TRANSACTION,
        /** The transaction definition's lock wait time-out has an effect. */
        TRANSACTION_LOCK_TIMEOUT,
        /** {@code setLockWaitTimeout} has an effect. */
        LOCK_TIMEOUT,
        /** {@code setStatementTimeout} has an effect. */
        STATEMENT_TIMEOUT,
        /** The driver takes back itself, when its connection is released, what {@code set..Timeout} changed. */
        TIMEOUT_RESET,
        /** An isolation level reaches the session by SQL only: the driver would change a setting of the whole database. */
        ISOLATION_BY_SQL,
        /** The driver quotes savepoint names itself. */
        QUOTES_SAVEPOINTS,
        /**
         * One connection writes at a time, others read meanwhile, and the driver's option {@code queryOnly} makes one that
         * refuses to write before anything has happened, with SQLSTATE 25006.
         */
        ONE_WRITER
    }

    private static final List<DriverSheet> SHEETS = List.of(
            sheet(
                    "postgresql",
                    "PostgreSQL",
                    '"',
                    Capability.CANCEL_REQUEST,
                    Capability.SESSION_RESET,
                    Capability.CHANGES_SCHEMA,
                    Capability.READ_ONLY_TRANSACTION,
                    Capability.LOCK_TIMEOUT,
                    Capability.STATEMENT_TIMEOUT),
            sheet(
                    "mysql",
                    "MySQL",
                    '`',
                    Capability.KILL_QUERY,
                    Capability.CHANGES_SCHEMA,
                    Capability.READ_ONLY_TRANSACTION,
                    Capability.TRANSACTION_LOCK_TIMEOUT,
                    Capability.LOCK_TIMEOUT,
                    Capability.STATEMENT_TIMEOUT,
                    Capability.QUOTES_SAVEPOINTS),
            sheet(
                    "mariadb",
                    "MariaDB",
                    '`',
                    Capability.KILL_QUERY,
                    Capability.CHANGES_SCHEMA,
                    Capability.ASKED_ON_ITS_LOOP,
                    Capability.READ_ONLY_TRANSACTION,
                    Capability.STATEMENT_TIMEOUT,
                    Capability.QUOTES_SAVEPOINTS),
            sheet(
                    "sqlite",
                    "SQLite",
                    '"',
                    Capability.CANCEL,
                    Capability.READ_ONLY_TRANSACTION,
                    Capability.TRANSACTION_LOCK_TIMEOUT,
                    Capability.LOCK_TIMEOUT,
                    Capability.STATEMENT_TIMEOUT,
                    Capability.TIMEOUT_RESET,
                    Capability.QUOTES_SAVEPOINTS,
                    Capability.ONE_WRITER),
            bridged("duckdb", "DuckDB"),
            bridged("jdbc", "JDBC"),
            sheet("h2", "H2", '"', Capability.CANCEL, Capability.BLOCKS_SUBSCRIBER, Capability.ISOLATION_BY_SQL));

    /** What the bridge makes of any JDBC driver; JDBC has no word for a lock wait time-out. */
    private static DriverSheet bridged(String driver, String product) {
        return sheet(
                driver,
                product,
                '"',
                Capability.CANCEL,
                Capability.READ_ONLY_TRANSACTION,
                Capability.STATEMENT_TIMEOUT,
                Capability.TIMEOUT_RESET);
    }

    private static DriverSheet sheet(String driver, String product, char quote, Capability first, Capability... more) {
        return new DriverSheet(driver, product, quote, EnumSet.of(first, more));
    }

    /**
     * The sheet of a driver or product; an unknown one is trusted with what the specification says and its cancels are
     * drained, since that is safe with every driver.
     */
    static DriverSheet of(String driverOrProduct) {
        String wanted = driverOrProduct.toLowerCase(Locale.ROOT);
        for (DriverSheet sheet : SHEETS) {
            if (wanted.equals(sheet.driver) || wanted.equals(sheet.product.toLowerCase(Locale.ROOT))) {
                return sheet;
            }
        }
        return switch (wanted) {
            case "postgres" -> of("postgresql");
            case "pool", "proxy" -> throw new IllegalArgumentException(driverOrProduct);
            default ->
                new DriverSheet(
                        driverOrProduct,
                        driverOrProduct,
                        '"',
                        EnumSet.of(
                                Capability.READ_ONLY_TRANSACTION,
                                Capability.TRANSACTION_LOCK_TIMEOUT,
                                Capability.LOCK_TIMEOUT,
                                Capability.STATEMENT_TIMEOUT));
        };
    }

    /** Whether it leads to a server, whose role may change, as far as is known. */
    boolean isServer() {
        return can(Capability.CANCEL_REQUEST) || can(Capability.KILL_QUERY);
    }

    boolean can(Capability capability) {
        return capabilities.contains(capability);
    }

    /** Quotes an identifier by doubling its quote character; refuses what no product accepts. */
    String quoted(String identifier) {
        if (identifier.isEmpty() || identifier.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("An identifier must not be empty and must not contain a NUL character");
        }
        String mark = String.valueOf(quote);
        String quoted = mark + identifier.replace(mark, mark + mark) + mark;
        // The H2 driver cuts every text at its semicolons, quoted ones too, and runs the parts one by one.
        return driver.equals("h2") && identifier.indexOf(';') >= 0
                ? "U&" + quoted.replace("\\", "\\\\").replace(";", "\\003b")
                : quoted;
    }
}
