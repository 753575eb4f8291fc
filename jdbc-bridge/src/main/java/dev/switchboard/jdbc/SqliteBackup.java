package dev.switchboard.jdbc;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Wrapped;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Copies of a SQLite database while it is used.
 *
 * <p>A copy shows one moment of the database: what others write meanwhile is not in it, and neither they nor readers wait for
 * it (in WAL). It is made beside its target, under the target's name with {@code .part} behind it, and moved there when it is
 * complete, so that no half copy is ever found under the name. Nothing happens before the subscription. The connection copies
 * on its worker, can do nothing else meanwhile and must not be in a transaction.
 *
 * <p>About a hundred reports come, the last one with nothing remaining, signalled on the connection's worker. Errors: an
 * {@link io.r2dbc.spi.R2dbcNonTransientResourceException} if the target exists, its directory does not, or a transaction is
 * open; what SQLite reports, by its code.
 */
public final class SqliteBackup {
    private SqliteBackup() {}

    /**
     * Copies page by page, as they are. This cannot be stopped: a cancel, or closing the connection, ends the reports at once,
     * but SQLite finishes the copying, which is then deleted, and the connection can do nothing else until then. Of a large
     * database {@link #vacuumInto} is the better copy; this one keeps the pages, and is faster where few are free.
     *
     * @param connection a connection of this driver, perhaps wrapped by a pool
     * @param target the file to make, in a directory that exists
     * @return the reports; subscribing starts the copy
     * @throws IllegalArgumentException if the connection is not of this driver
     */
    public static Flux<BackupProgress> copy(Connection connection, Path target) {
        return start(connection, target, SqliteCopy::copy);
    }

    /**
     * Writes the rows anew, which leaves out what deleted ones have left ({@code VACUUM INTO}). A cancel stops it and deletes
     * what there is of it.
     *
     * @param connection a connection of this driver, perhaps wrapped by a pool
     * @param target the file to make, in a directory that exists
     * @return the reports, estimates until the last; subscribing starts the copy
     * @throws IllegalArgumentException if the connection is not of this driver
     */
    public static Flux<BackupProgress> vacuumInto(Connection connection, Path target) {
        return start(connection, target, SqliteCopy::vacuum);
    }

    private static Flux<BackupProgress> start(Connection connection, Path target, SqliteCopy.Way way) {
        CommandQueue queue = queue(Arguments.requireNonNull(connection, "The connection"));
        Arguments.requireNonNull(target, "The target of a copy");
        if (!(queue.session() instanceof SqliteSession session)) {
            throw notSqlite(connection);
        }
        return Flux.defer(() -> {
            Sinks.Many<BackupProgress> reports = Sinks.many().unicast().onBackpressureBuffer();
            SqliteCopy copy = new SqliteCopy(session, target, reports::tryEmitNext);
            Mono<BackupProgress> work = queue.<BackupProgress>command(() -> {
                        copy.make(way, queue.transaction().isOpen());
                        return null;
                    })
                    .doOnTerminate(reports::tryEmitComplete);
            return Flux.merge(reports.asFlux(), work);
        });
    }

    private static CommandQueue queue(Connection connection) {
        @Nullable Object unwrapped = connection;
        while (unwrapped instanceof Wrapped<?> wrapper) {
            unwrapped = wrapper.unwrap();
        }
        if (unwrapped instanceof BridgeConnection bridge) {
            return bridge.queue();
        }
        throw notSqlite(connection);
    }

    private static IllegalArgumentException notSqlite(Connection connection) {
        return new IllegalArgumentException(
                "A copy needs a connection of the driver sqlite, perhaps from a pool; this is "
                        + connection.getClass().getName());
    }
}
