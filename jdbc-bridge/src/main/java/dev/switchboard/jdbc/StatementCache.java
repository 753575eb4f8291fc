package dev.switchboard.jdbc;

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
    private final Map<String, Prepared> idle = new LinkedHashMap<>();

    StatementCache(JdbcSession session, int max) {
        this.session = session;
        this.max = max;
    }

    /** Whether the statement is ready, so that its text is known to be right. */
    boolean holds(String sql) {
        return idle.containsKey(sql);
    }

    /** Fails as running the statement would if its text is wrong, and keeps it ready. */
    void check(String sql) throws SQLException {
        if (!idle.containsKey(sql)) {
            keep(sql, session.prepare(sql));
        }
    }

    /** The statement for one user alone, until it is given back. */
    Prepared take(String sql) throws SQLException {
        Prepared ready = idle.remove(sql);
        return ready != null ? ready : session.prepare(sql);
    }

    void giveBack(String sql, Prepared statement) throws SQLException {
        statement.reset();
        keep(sql, statement);
    }

    private void keep(String sql, Prepared statement) throws SQLException {
        Prepared twin = max > 0 ? idle.put(sql, statement) : statement;
        if (twin != null) {
            twin.close();
        }
        if (idle.size() > max) {
            Iterator<Prepared> oldest = idle.values().iterator();
            Prepared dropped = oldest.next();
            oldest.remove();
            dropped.close();
        }
    }

    /** After a change of the schema or of settings: what was prepared before may have stale columns. */
    void clear() throws SQLException {
        List<Prepared> dropped = new ArrayList<>(idle.values());
        idle.clear();
        for (Prepared statement : dropped) {
            statement.close();
        }
    }
}
