package dev.switchboard.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement taken for one user, who runs it, and its rows. Used on the worker only. */
final class RowReader {
    private final CommandQueue queue;
    private final SqlCommand command;
    private @Nullable Prepared statement;

    /** False while and after a step fails: the driver may have finalised the statement, and it is not used again. */
    private boolean works = true;

    RowReader(CommandQueue queue, SqlCommand command) {
        this.queue = queue;
        this.command = command;
    }

    SqlCommand command() {
        return command;
    }

    /** Runs the statement as far as its first row, or to its end if it returns none; answers whether it returns rows. */
    boolean execute(Run run) throws SQLException {
        queue.transaction().beforeStatement(command.kind());
        Prepared prepared = statement;
        if (prepared == null) {
            prepared = queue.statements().take(command.sql());
            statement = prepared;
        }
        works = false;
        boolean returnsRows = prepared.execute(run.arguments());
        works = true;
        return returnsRows;
    }

    /** The next row, or null behind the last one. */
    @Nullable
    JdbcRow next() throws SQLException {
        Prepared prepared = statement;
        if (prepared == null) {
            return null;
        }
        works = false;
        @Nullable Object[] values = prepared.next();
        works = true;
        return values == null ? null : new JdbcRow(queue.product(), prepared.columns(), values);
    }

    /** Closes the cursor and gives the statement back; does nothing the second time. */
    void close() throws SQLException {
        Prepared prepared = statement;
        if (prepared == null) {
            return;
        }
        statement = null;
        if (works) {
            queue.statements().giveBack(command.sql(), prepared);
        } else {
            prepared.close();
        }
    }

    /**
     * Runs the statement to its end, its rows read into memory. A change that succeeded keeps its statement for the next set
     * of values, until this reader is closed.
     */
    JdbcResult readAll(Run run) throws SQLException {
        boolean kept = false;
        List<JdbcRow> rows = List.of();
        Long count = null;
        try {
            boolean returnsRows = execute(run);
            if (returnsRows) {
                rows = rest();
            }
            if (command.kind() == SqlCommand.Kind.WRITE) {
                count = returnsRows ? rows.size() : updateCount();
                kept = true;
            }
        } finally {
            if (!kept) {
                close();
            }
        }
        afterwards();
        return JdbcResult.inMemory(rows, count);
    }

    private List<JdbcRow> rest() throws SQLException {
        List<JdbcRow> rows = new ArrayList<>();
        JdbcRow row = next();
        while (row != null) {
            rows.add(row);
            row = next();
        }
        return rows;
    }

    private long updateCount() throws SQLException {
        return statement == null ? 0 : statement.updateCount();
    }

    private void afterwards() throws SQLException {
        switch (command.kind()) {
            case TRANSACTION -> {
                queue.session().forgetSchema();
                queue.transaction().afterTransactionStatement();
            }
            case OTHER -> {
                queue.session().forgetSchema();
                queue.statements().clear();
                Duration lockWait = queue.session().afterSetting(command);
                if (lockWait != null) {
                    queue.transaction().setLockWaitTimeout(lockWait);
                }
            }
            default -> {
                // Queries and changes leave the connection as it was.
            }
        }
    }
}
