package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcNonTransientResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.function.Consumer;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/** One copy of a database, made on the worker of its connection. */
final class SqliteCopy {
    private static final int REPORTS = 100;
    private static final int FEWEST_PAGES = 64;

    /** How to copy. */
    @FunctionalInterface
    interface Way {

        void make(SqliteCopy copy, long pages) throws SQLException;
    }

    private final SqliteSession session;
    private final Path target;
    private final Path part;
    private final Consumer<BackupProgress> reports;
    private long lastRemaining = Long.MAX_VALUE;

    SqliteCopy(SqliteSession session, Path target, Consumer<BackupProgress> reports) {
        this.session = session;
        this.target = target.toAbsolutePath();
        this.part = this.target.resolveSibling(this.target.getFileName() + ".part");
        this.reports = reports;
    }

    void make(Way way, boolean inTransaction) throws SQLException {
        requirePossible(inTransaction);
        boolean made = false;
        try {
            if (session.isForOwnerOnly()) {
                SqliteLocation.createForOwner(part);
            }
            long pages = session.number("PRAGMA page_count");
            way.make(this, pages);
            if (session.mustStop()) {
                throw refused("The copy to " + target + " was stopped, since its connection was closed or it was"
                        + " cancelled; nothing is left of it.");
            }
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
            made = true;
            reports.accept(new BackupProgress(0, pages));
        } catch (IOException notMoved) {
            throw refused(target + " could not be written: " + notMoved);
        } finally {
            if (!made) {
                delete();
            }
        }
    }

    private void requirePossible(boolean inTransaction) {
        if (inTransaction) {
            throw refused("A copy cannot be made in a transaction; commit or roll back first.");
        }
        Path directory = target.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw refused("The directory " + directory + " does not exist; create it before copying to " + target);
        }
        for (Path file : new Path[] {target, part}) {
            if (Files.exists(file)) {
                throw refused(file + " exists already; a copy replaces nothing. Choose another name or delete it.");
            }
        }
    }

    private static R2dbcNonTransientResourceException refused(String reason) {
        return new R2dbcNonTransientResourceException(reason, "58P02");
    }

    /** Reads first, in a transaction: the moment that the copy shows then stays the same while others write. */
    void copy(long pages) throws SQLException {
        session.begin(true);
        try {
            session.ping();
            int step = (int) Math.min(Integer.MAX_VALUE, Math.max(FEWEST_PAGES, pages / REPORTS));
            int code = session.jdbc()
                    .getDatabase()
                    .backup("main", part.toString(), (remaining, total) -> report(remaining, total), 10, 100, step);
            if (code != SQLiteErrorCode.SQLITE_OK.code) {
                SQLiteErrorCode error = SQLiteErrorCode.getErrorCode(code);
                throw new SQLiteException("Copying to " + target + " failed: " + error, error);
            }
        } finally {
            session.rollback();
            session.ended();
        }
    }

    void vacuum(long pages) throws SQLException {
        long pageSize = session.number("PRAGMA page_size");
        session.whileWorking(() -> look(pages, pageSize));
        try (PreparedStatement statement = session.prepareVacuumInto()) {
            statement.setString(1, part.toString());
            statement.execute();
        } finally {
            session.whileWorking(() -> {});
        }
    }

    private void look(long pages, long pageSize) {
        try {
            report(Math.max(1, pages - Files.size(part) / pageSize), pages);
        } catch (IOException notThereYet) {
            // The next look may find it.
        }
    }

    /** The end is reported when the copy has its name, and not before. */
    private void report(long remaining, long pages) {
        boolean news = remaining > 0 && lastRemaining - remaining >= Math.max(1, pages / REPORTS);
        if (news) {
            lastRemaining = remaining;
            reports.accept(new BackupProgress(remaining, pages));
        }
    }

    private void delete() {
        try {
            Files.deleteIfExists(part);
            Files.deleteIfExists(part.resolveSibling(part.getFileName() + "-journal"));
        } catch (IOException stillThere) {
            // Whoever copies to the same target again is told of it by name.
        }
    }
}
