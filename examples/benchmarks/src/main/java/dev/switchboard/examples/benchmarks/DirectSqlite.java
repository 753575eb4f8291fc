package dev.switchboard.examples.benchmarks;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Random;

/** The limit: one JDBC connection on the thread of its caller, statements prepared once, with the settings of the bridge. */
final class DirectSqlite implements AutoCloseable {
    private final Connection connection;
    private final PreparedStatement byKey;
    private final PreparedStatement all;
    private final PreparedStatement insert;

    DirectSqlite(Path file) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        execute("PRAGMA journal_mode = WAL");
        execute("PRAGMA synchronous = NORMAL");
        execute("PRAGMA foreign_keys = ON");
        execute("PRAGMA busy_timeout = 30000");
        for (String table : SqliteWork.TABLES) {
            execute(table);
        }
        byKey = connection.prepareStatement(SqliteWork.BY_KEY);
        all = connection.prepareStatement(SqliteWork.ALL);
        insert = connection.prepareStatement(SqliteWork.INSERT);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    void fill(int rows) throws SQLException {
        execute("INSERT INTO customer WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < "
                + rows + ") SELECT id, 'customer ' || id, id % 90 FROM n");
    }

    long selectByKey(int times, int rows, long seed) throws SQLException {
        Random random = new Random(seed);
        long sum = 0;
        for (int i = 0; i < times; i++) {
            byKey.setInt(1, 1 + random.nextInt(rows));
            try (ResultSet row = byKey.executeQuery()) {
                row.next();
                sum += sum(row);
            }
        }
        return sum;
    }

    long readAll() throws SQLException {
        long sum = 0;
        try (ResultSet row = all.executeQuery()) {
            while (row.next()) {
                sum += sum(row);
            }
        }
        return sum;
    }

    private static long sum(ResultSet row) throws SQLException {
        return row.getLong(1) + row.getString(2).length() + row.getInt(3);
    }

    long insert(int rows) throws SQLException {
        execute("DELETE FROM fresh");
        connection.setAutoCommit(false);
        for (int id = 1; id <= rows; id++) {
            insert.setInt(1, id);
            insert.setString(2, "customer");
            insert.setInt(3, 33);
            insert.addBatch();
        }
        long written = 0;
        for (int count : insert.executeBatch()) {
            written += count;
        }
        connection.commit();
        connection.setAutoCommit(true);
        return written;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
