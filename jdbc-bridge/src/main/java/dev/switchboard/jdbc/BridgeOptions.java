package dev.switchboard.jdbc;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;

/** Reads connection factory options, which are typed in a program and text in a URL; those that every product has. */
final class BridgeOptions {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);
    private static final int ROWS_PER_TURN = 256;
    private static final int STATEMENTS_KEPT = 64;

    private final ConnectionFactoryOptions options;

    BridgeOptions(ConnectionFactoryOptions options) {
        this.options = options;
    }

    /** The value of an option as it was given, null if it was not. */
    @Nullable
    Object value(Option<?> option) {
        return options.getValue(option);
    }

    boolean has(Option<?> option) {
        return options.hasOption(option);
    }

    /** What the bridge is told, whatever the product. */
    BridgeSettings bridgeSettings(Duration lockWaitTimeout) {
        return new BridgeSettings(
                workers(),
                duration(ConnectionFactoryOptions.CONNECT_TIMEOUT, CONNECT_TIMEOUT),
                lockWaitTimeout,
                duration(ConnectionFactoryOptions.STATEMENT_TIMEOUT, Duration.ZERO),
                count(SqliteConnectionFactoryProvider.FETCH_SIZE, ROWS_PER_TURN, 1),
                count(SqliteConnectionFactoryProvider.STATEMENT_CACHE_SIZE, STATEMENTS_KEPT, 0));
    }

    private Workers workers() {
        int threads = count(SqliteConnectionFactoryProvider.MAX_THREADS, 0, 1);
        Object scheduler = value(SqliteConnectionFactoryProvider.SCHEDULER);
        if (scheduler == null) {
            return threads == 0 ? Workers.shared() : new Workers(threads);
        }
        if (!(scheduler instanceof Scheduler given)) {
            throw refused(
                    SqliteConnectionFactoryProvider.SCHEDULER, scheduler, "a Scheduler, which only a program can set");
        }
        if (threads == 0) {
            throw new IllegalArgumentException("The option scheduler needs the option maxThreads: how many threads the"
                    + " scheduler has, since no two open connections may share one");
        }
        return Workers.of(given, threads);
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

    static IllegalArgumentException refused(Option<?> option, Object value, String allowed) {
        return new IllegalArgumentException(
                "The option " + option.name() + " is '" + value + "'; allowed is " + allowed);
    }
}
