package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the options that only SQLite has. */
final class SqliteOptions {
    private static final List<String> JOURNAL_MODES = List.of("WAL", "DELETE", "TRUNCATE", "PERSIST");
    private static final List<String> SYNCHRONOUS_LEVELS = List.of("OFF", "NORMAL", "FULL", "EXTRA");
    private static final List<String> TRANSACTION_MODES = List.of("IMMEDIATE", "DEFERRED");
    private static final List<String> MODES = List.of("RO", "RW", "RWC");
    private static final List<String> CACHES = List.of("PRIVATE", "SHARED");
    private static final List<String> TIMES = List.of("TEXT", "EPOCH_MILLIS");
    private static final List<String> DECIMALS = List.of("CHECKED", "TEXT");
    private static final Pattern VFS_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,100}");

    private final BridgeOptions options;

    SqliteOptions(BridgeOptions options) {
        this.options = options;
    }

    SqliteLocation location() {
        Object database = options.value(ConnectionFactoryOptions.DATABASE);
        String path = database == null ? null : database.toString();
        Object host = options.value(ConnectionFactoryOptions.HOST);
        if (host != null || options.has(ConnectionFactoryOptions.PORT)) {
            Object port = options.value(ConnectionFactoryOptions.PORT);
            String place = (host == null ? "" : host) + (port == null ? "" : ":" + port);
            String meant = place + (path == null ? "" : "/" + path);
            String cure = "mem".equals(options.value(ConnectionFactoryOptions.PROTOCOL))
                    ? "r2dbc:sqlite:mem:///" + meant + "."
                    : "r2dbc:sqlite:///" + meant + " for a path relative to the working directory, or r2dbc:sqlite:////"
                            + meant + " for an absolute one.";
            throw new IllegalArgumentException(
                    "A SQLite URL has no host, but '" + place + "' stands where a host would. Write " + cure);
        }
        if (path == null || path.isBlank()) {
            throw new IllegalArgumentException("A SQLite URL needs a path: r2dbc:sqlite:////absolute/path.db,"
                    + " r2dbc:sqlite:///relative.db, or r2dbc:sqlite:mem:///name for a database in memory.");
        }
        Object protocol = options.value(ConnectionFactoryOptions.PROTOCOL);
        if (protocol == null || protocol.equals("") || protocol.equals("file")) {
            Object base = options.value(SqliteConnectionFactoryProvider.BASE_DIRECTORY);
            return SqliteLocation.ofFile(path, base == null ? null : base.toString());
        }
        if (protocol.equals("mem")) {
            return SqliteLocation.ofMemory(path);
        }
        throw new IllegalArgumentException(
                "The protocol '" + protocol + "' is unknown; a SQLite URL has none, 'file' or 'mem'");
    }

    SqliteSettings settings(Duration lockWaitTimeout) {
        String journal = options.choice(SqliteConnectionFactoryProvider.JOURNAL_MODE, "WAL", JOURNAL_MODES);
        // Without WAL, a loss of power at the wrong moment could damage the file when SQLite waits less for the disk.
        String safe = journal.equals("WAL") ? "NORMAL" : "FULL";
        boolean attach = options.flag(SqliteConnectionFactoryProvider.ATTACH, false);
        if (attach && options.has(SqliteConnectionFactoryProvider.BASE_DIRECTORY)) {
            throw new IllegalArgumentException(
                    "attach=true lets SQL open any file, which the option baseDirectory is there"
                            + " to prevent. Leave out one of them.");
        }
        return new SqliteSettings(
                new SqliteSettings.Durability(
                        journal, options.choice(SqliteConnectionFactoryProvider.SYNCHRONOUS, safe, SYNCHRONOUS_LEVELS)),
                options.flag(SqliteConnectionFactoryProvider.FOREIGN_KEYS, true),
                writing(),
                attach,
                lockWaitTimeout,
                fileMode());
    }

    private SqliteSettings.Writing writing() {
        String mode = options.choice(SqliteConnectionFactoryProvider.TRANSACTION_MODE, "IMMEDIATE", TRANSACTION_MODES);
        return options.flag(SqliteConnectionFactoryProvider.QUERY_ONLY, false)
                ? SqliteSettings.Writing.NEVER
                : SqliteSettings.Writing.valueOf(mode);
    }

    SqliteSettings.Values values() {
        return new SqliteSettings.Values(
                options.choice(SqliteConnectionFactoryProvider.TIMES, "TEXT", TIMES)
                        .equals("EPOCH_MILLIS"),
                options.choice(SqliteConnectionFactoryProvider.DECIMALS, "CHECKED", DECIMALS)
                        .equals("CHECKED"));
    }

    private SqliteFileMode fileMode() {
        String mode = options.choice(SqliteConnectionFactoryProvider.MODE, "RWC", MODES);
        boolean immutable = options.flag(SqliteConnectionFactoryProvider.IMMUTABLE, false);
        Object vfs = options.value(SqliteConnectionFactoryProvider.VFS);
        if (vfs != null && !VFS_NAME.matcher(vfs.toString()).matches()) {
            throw BridgeOptions.refused(
                    SqliteConnectionFactoryProvider.VFS, vfs, "a name of letters, digits, _ . and -");
        }
        return new SqliteFileMode(
                immutable || options.flag(SqliteConnectionFactoryProvider.READ_ONLY, mode.equals("RO")),
                immutable,
                options.flag(SqliteConnectionFactoryProvider.CREATE, mode.equals("RWC")),
                options.flag(SqliteConnectionFactoryProvider.OWNER_ONLY, false),
                vfs == null ? null : vfs.toString(),
                options.choice(SqliteConnectionFactoryProvider.CACHE, "PRIVATE", CACHES)
                        .equals("SHARED"));
    }
}
