package dev.switchboard.routing;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the statements of one insert.
 *
 * @param table where to
 * @param columns in their order
 * @param dialect for which product
 * @param connectionName for errors
 */
record InsertWriter(
        SqlIdentifier table,
        List<String> columns,
        SqlDialect dialect,
        @Nullable String connectionName) {

    InsertWriter {
        if (columns.isEmpty()) {
            throw new InsertRowException(connectionName, table, 0, "has no column", columns);
        }
    }

    /** How many rows fit into one statement, at least one. */
    int mostRows() {
        return Math.max(1, dialect.mostValues() / columns.size());
    }

    /** The row, if it has all columns, and no others where every column counts. */
    Map<String, Object> checked(long number, Map<String, Object> row, boolean exactly) {
        Set<String> keys = row.keySet();
        for (String column : columns) {
            if (!keys.contains(column)) {
                throw new InsertRowException(connectionName, table, number, "has no " + Shown.quoted(column), columns);
            }
        }
        if (exactly && keys.size() > columns.size()) {
            String more = keys.stream()
                    .filter(key -> !columns.contains(key))
                    .findFirst()
                    .orElse("");
            throw new InsertRowException(connectionName, table, number, "has " + Shown.quoted(more) + " too", columns);
        }
        return row;
    }

    WrittenSql write(List<Map<String, Object>> rows) {
        SqlWriter writer = new SqlWriter(dialect);
        writer.text("INSERT INTO " + table.quoted(dialect, connectionName) + " (");
        for (int i = 0; i < columns.size(); i++) {
            writer.text((i == 0 ? "" : ", ") + SqlIdentifier.quoted(columns.get(i), dialect, connectionName));
        }
        writer.text(") VALUES ");
        for (int row = 0; row < rows.size(); row++) {
            writer.text(row == 0 ? "(" : "), (");
            for (int i = 0; i < columns.size(); i++) {
                writer.text(i == 0 ? "" : ", ");
                writer.value(rows.get(row).getOrDefault(columns.get(i), SqlNull.UNTYPED));
            }
        }
        writer.text(")");
        return writer.written();
    }
}
