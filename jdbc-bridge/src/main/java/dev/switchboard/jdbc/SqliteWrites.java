package dev.switchboard.jdbc;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;

/**
 * Which statements take the lock that only one writer can have: told by their first word, and where that does not say it
 * ({@code WITH}, the schema), by the program that SQLite makes of them. Used on the worker.
 */
final class SqliteWrites {
    private static final int KEPT = 256;
    private static final int TEMPORARY_DATABASE = 1;
    private static final Set<String> LOCKING = Set.of("Vacuum", "SqlExec");

    private final SQLiteConnection jdbc;
    private final Map<String, Boolean> explained = new HashMap<>();

    SqliteWrites(SQLiteConnection jdbc) {
        this.jdbc = jdbc;
    }

    /** What cannot be explained counts as what needs more; running it says what is wrong with it. */
    boolean takesLock(SqlCommand command) {
        return takesLock(command, true);
    }

    /** The same for who refuses it, and so leaves what cannot be explained to the run, which SQLite then refuses itself. */
    boolean surelyTakesLock(SqlCommand command) {
        return takesLock(command, false);
    }

    private boolean takesLock(SqlCommand command, boolean unexplained) {
        SqliteTokenizer words = new SqliteTokenizer(command.sql());
        words.next();
        return switch (command.kind()) {
            case QUERY -> false;
            case WRITE -> !words.isWord("WITH") || explained(command, unexplained);
            case TRANSACTION -> beginsWriting(words);
            case OTHER -> {
                SqlitePragma pragma = SqlitePragma.of(command.sql());
                yield pragma == null ? explained(command, unexplained) : pragma.takesLock();
            }
        };
    }

    private static boolean beginsWriting(SqliteTokenizer words) {
        boolean begins = words.isWord("BEGIN");
        words.next();
        return begins && (words.isWord("IMMEDIATE") || words.isWord("EXCLUSIVE"));
    }

    private boolean explained(SqlCommand command, boolean unexplained) {
        Boolean known = explained.get(command.sql());
        if (known != null) {
            return known;
        }
        Boolean locks = asked(command.sql());
        if (locks == null) {
            return unexplained;
        }
        if (locks && command.kind() == SqlCommand.Kind.OTHER) {
            // It may change the schema, and with it what other statements do.
            explained.clear();
        } else {
            if (explained.size() >= KEPT) {
                explained.clear();
            }
            explained.put(command.sql(), locks);
        }
        return locks;
    }

    /** Null where SQLite cannot say it, since the text is wrong or the schema another one by then. */
    private @Nullable Boolean asked(String sql) {
        try (PreparedStatement explaining = jdbc.prepareStatement("EXPLAIN " + sql);
                ResultSet program = explaining.executeQuery()) {
            while (program.next()) {
                if (locks(program)) {
                    return true;
                }
            }
            return false;
        } catch (SQLException notExplained) {
            return null;
        }
    }

    private static boolean locks(ResultSet program) throws SQLException {
        String instruction = program.getString("opcode");
        return LOCKING.contains(instruction)
                || (instruction.equals("Transaction")
                        && program.getInt("p1") != TEMPORARY_DATABASE
                        && program.getInt("p2") > 0);
    }
}
