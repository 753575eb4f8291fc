package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A running statement and its rows. Used on the worker only. */
final class RowReader {
    private final CommandQueue queue;
    private final Run run;
    private @Nullable PreparedStatement statement;
    private @Nullable ResultSet rows;
    private @Nullable JdbcRowMetadata metadata;

    /** False while and after a step fails: the driver may have finalised the statement, and it is not used again. */
    private boolean works = true;

    RowReader(CommandQueue queue, Run run) {
        this.queue = queue;
        this.run = run;
    }

    /** Runs the statement as far as its first row, or to its end if it returns none; answers whether it returns rows. */
    boolean execute() throws SQLException {
        queue.transaction().beforeStatement(run.command().kind());
        PreparedStatement prepared = queue.statements().take(run.command().sql());
        statement = prepared;
        run.bind(prepared);
        works = false;
        queue.session().works(prepared);
        boolean returnsRows = prepared.execute();
        works = true;
        if (!returnsRows) {
            return false;
        }
        rows = prepared.getResultSet();
        metadata = new JdbcRowMetadata(queue.session().columns(prepared));
        return true;
    }

    /** The next row, or null behind the last one. */
    @Nullable
    JdbcRow next() throws SQLException {
        ResultSet open = rows;
        JdbcRowMetadata columns = metadata;
        PreparedStatement prepared = statement;
        if (open == null || columns == null || prepared == null) {
            return null;
        }
        works = false;
        queue.session().works(prepared);
        boolean found = open.next();
        works = true;
        if (!found) {
            return null;
        }
        @Nullable Object[] values = new Object[columns.size()];
        queue.session().read(prepared, open, values);
        return new JdbcRow(queue.product(), columns, values);
    }

    /** Closes the cursor and gives the statement back; does nothing the second time. */
    void close() throws SQLException {
        PreparedStatement prepared = statement;
        if (prepared == null) {
            return;
        }
        statement = null;
        if (rows != null) {
            rows.close();
        }
        if (works) {
            queue.statements().giveBack(run.command().sql(), prepared);
        } else {
            prepared.close();
        }
    }

    /** Runs the statement to its end, its rows read into memory. */
    static JdbcResult readAll(CommandQueue queue, Run run) throws SQLException {
        RowReader reader = new RowReader(queue, run);
        List<JdbcRow> rows = List.of();
        Long count = null;
        try {
            boolean returnsRows = reader.execute();
            JdbcRow row = returnsRows ? reader.next() : null;
            if (row != null) {
                rows = new ArrayList<>();
            }
            while (row != null) {
                rows.add(row);
                row = reader.next();
            }
            if (run.command().kind() == SqlCommand.Kind.WRITE) {
                count = returnsRows ? rows.size() : reader.updateCount();
            }
        } finally {
            reader.close();
        }
        reader.afterwards();
        return JdbcResult.inMemory(rows, count);
    }

    private long updateCount() throws SQLException {
        return statement == null ? 0 : queue.session().updateCount(statement);
    }

    private void afterwards() throws SQLException {
        switch (run.command().kind()) {
            case TRANSACTION -> queue.transaction().afterTransactionStatement();
            case OTHER -> {
                queue.statements().clear();
                Duration lockWait = queue.session().afterSetting(run.command());
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
