package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The prepared statements of one connection that nobody runs at the moment, by SQL, least recently used first. */
final class StatementCache {
    private final JdbcSession session;
    private final int max;
    private final Map<String, PreparedStatement> idle = new LinkedHashMap<>();

    StatementCache(JdbcSession session, int max) {
        this.session = session;
        this.max = max;
    }

    /** Fails as running the statement would if its text is wrong, and keeps it ready. */
    void check(String sql) throws SQLException {
        if (!idle.containsKey(sql)) {
            keep(sql, session.prepare(sql));
        }
    }

    /** The statement for one user alone, until it is given back. */
    PreparedStatement take(String sql) throws SQLException {
        PreparedStatement ready = idle.remove(sql);
        return ready != null ? ready : session.prepare(sql);
    }

    /** Values are let go of, since they may be large or secret. */
    void giveBack(String sql, PreparedStatement statement) throws SQLException {
        statement.clearParameters();
        keep(sql, statement);
    }

    private void keep(String sql, PreparedStatement statement) throws SQLException {
        PreparedStatement twin = max > 0 ? idle.put(sql, statement) : statement;
        if (twin != null) {
            twin.close();
        }
        if (idle.size() > max) {
            Iterator<PreparedStatement> oldest = idle.values().iterator();
            PreparedStatement dropped = oldest.next();
            oldest.remove();
            dropped.close();
        }
    }

    /** After a change of the schema or of settings: what was prepared before may have stale columns. */
    void clear() throws SQLException {
        List<PreparedStatement> dropped = new ArrayList<>(idle.values());
        idle.clear();
        for (PreparedStatement statement : dropped) {
            statement.close();
        }
    }
}
