package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads connection factory options, which are typed in a program and text in a URL. */
final class SqliteOptions {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int ROWS_PER_TURN = 256;
    private static final int STATEMENTS_KEPT = 64;
    private static final List<String> JOURNAL_MODES = List.of("WAL", "DELETE", "TRUNCATE", "PERSIST");
    private static final List<String> SYNCHRONOUS_LEVELS = List.of("OFF", "NORMAL", "FULL", "EXTRA");
    private static final List<String> TRANSACTION_MODES = List.of("IMMEDIATE", "DEFERRED");
    private static final List<String> MODES = List.of("RO", "RW", "RWC");
    private static final List<String> CACHES = List.of("PRIVATE", "SHARED");
    private static final List<String> TIMES = List.of("TEXT", "EPOCH_MILLIS");
    private static final Pattern VFS_NAME = Pattern.compile("[A-Za-z0-9_.-]{1,100}");

    private final ConnectionFactoryOptions options;

    SqliteOptions(ConnectionFactoryOptions options) {
        this.options = options;
    }

    SqliteLocation location() {
        Object database = options.getValue(ConnectionFactoryOptions.DATABASE);
        String path = database instanceof Path file ? file.toString() : (String) database;
        Object host = options.getValue(ConnectionFactoryOptions.HOST);
        if (host != null || options.hasOption(ConnectionFactoryOptions.PORT)) {
            String meant = (host == null ? "" : host) + (path == null ? "" : "/" + path);
            throw new IllegalArgumentException("A SQLite URL has no host, but '" + host + "' stands where a host would."
                    + " Write r2dbc:sqlite:///" + meant + " for a path relative to the working directory, or"
                    + " r2dbc:sqlite:////" + meant + " for an absolute one.");
        }
        if (path == null || path.isBlank()) {
            throw new IllegalArgumentException("A SQLite URL needs a path: r2dbc:sqlite:////absolute/path.db,"
                    + " r2dbc:sqlite:///relative.db, or r2dbc:sqlite:mem:///name for a database in memory.");
        }
        Object protocol = options.getValue(ConnectionFactoryOptions.PROTOCOL);
        if (protocol == null || protocol.equals("") || protocol.equals("file")) {
            Object base = options.getValue(SqliteConnectionFactoryProvider.BASE_DIRECTORY);
            return SqliteLocation.ofFile(path, base == null ? null : base.toString());
        }
        if (protocol.equals("mem")) {
            return SqliteLocation.ofMemory(path);
        }
        throw new IllegalArgumentException(
                "The protocol '" + protocol + "' is unknown; a SQLite URL has none, 'file' or 'mem'");
    }

    SqliteSettings settings(Duration lockWaitTimeout) {
        return new SqliteSettings(
                new SqliteSettings.Durability(
                        choice(SqliteConnectionFactoryProvider.JOURNAL_MODE, "WAL", JOURNAL_MODES),
                        choice(SqliteConnectionFactoryProvider.SYNCHRONOUS, "NORMAL", SYNCHRONOUS_LEVELS)),
                flag(SqliteConnectionFactoryProvider.FOREIGN_KEYS, true),
                choice(SqliteConnectionFactoryProvider.TRANSACTION_MODE, "IMMEDIATE", TRANSACTION_MODES)
                        .equals("DEFERRED"),
                flag(SqliteConnectionFactoryProvider.ATTACH, false),
                lockWaitTimeout,
                fileMode());
    }

    boolean epochMillis() {
        return choice(SqliteConnectionFactoryProvider.TIMES, "TEXT", TIMES).equals("EPOCH_MILLIS");
    }

    private SqliteFileMode fileMode() {
        String mode = choice(SqliteConnectionFactoryProvider.MODE, "RWC", MODES);
        boolean immutable = flag(SqliteConnectionFactoryProvider.IMMUTABLE, false);
        Object vfs = options.getValue(SqliteConnectionFactoryProvider.VFS);
        if (vfs != null && !VFS_NAME.matcher(vfs.toString()).matches()) {
            throw refused(SqliteConnectionFactoryProvider.VFS, vfs, "a name of letters, digits, _ . and -");
        }
        return new SqliteFileMode(
                immutable || flag(SqliteConnectionFactoryProvider.READ_ONLY, mode.equals("RO")),
                immutable,
                flag(SqliteConnectionFactoryProvider.CREATE, mode.equals("RWC")),
                flag(SqliteConnectionFactoryProvider.OWNER_ONLY, false),
                vfs == null ? null : vfs.toString(),
                choice(SqliteConnectionFactoryProvider.CACHE, "PRIVATE", CACHES).equals("SHARED"));
    }

    /** What the bridge is told, whatever the product. */
    BridgeSettings bridgeSettings(Duration lockWaitTimeout) {
        int threads = count(SqliteConnectionFactoryProvider.MAX_THREADS, 0, 1);
        return new BridgeSettings(
                threads == 0 ? Workers.shared() : new Workers(threads),
                duration(ConnectionFactoryOptions.CONNECT_TIMEOUT, CONNECT_TIMEOUT),
                lockWaitTimeout,
                duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ZERO),
                count(SqliteConnectionFactoryProvider.FETCH_SIZE, ROWS_PER_TURN, 1),
                count(SqliteConnectionFactoryProvider.STATEMENT_CACHE_SIZE, STATEMENTS_KEPT, 0));
    }

    boolean flag(Option<Boolean> option, boolean otherwise) {
        Object value = options.getValue(option);
        if (value == null) {
            return otherwise;
        }
        return switch (value.toString().toLowerCase(Locale.ROOT)) {
            case "true", "on" -> true;
            case "false", "off" -> false;
            default -> throw refused(option, value, "true or false");
        };
    }

    int count(Option<Integer> option, int otherwise, int least) {
        Object value = options.getValue(option);
        if (value == null) {
            return otherwise;
        }
        int number;
        try {
            number = Integer.parseInt(value.toString());
        } catch (NumberFormatException notANumber) {
            throw refused(option, value, "a number from " + least);
        }
        if (number < least) {
            throw refused(option, value, "a number from " + least);
        }
        return number;
    }

    Duration duration(Option<Duration> option, Duration otherwise) {
        Object value = options.getValue(option);
        if (value == null) {
            return otherwise;
        }
        Duration duration = value instanceof Duration typed ? typed : parsed(value.toString());
        if (duration == null || duration.isNegative()) {
            throw refused(option, value, "a duration such as PT5S");
        }
        return duration;
    }

    private static @Nullable Duration parsed(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeException notADuration) {
            return null;
        }
    }

    String choice(Option<String> option, String otherwise, List<String> allowed) {
        Object value = options.getValue(option);
        if (value == null) {
            return otherwise;
        }
        String chosen = value.toString().toUpperCase(Locale.ROOT);
        if (!allowed.contains(chosen)) {
            throw refused(option, value, "one of " + allowed);
        }
        return chosen;
    }

    private static IllegalArgumentException refused(Option<?> option, Object value, String allowed) {
        return new IllegalArgumentException(
                "The option " + option.name() + " is '" + value + "'; allowed is " + allowed);
    }
}
