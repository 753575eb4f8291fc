package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row given to {@link SqlInsert} does not have the columns of the insert. Rows of earlier statements were inserted. */
public final class InsertRowException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable String connectionName;
    private final transient long row;
    private final transient String found;

    InsertRowException(
            @Nullable String connectionName, SqlIdentifier table, long row, String found, List<String> columns) {
        super("Row " + row + " (counted from 0) for the table " + Shown.quoted(String.join(".", table.parts())) + " "
                + found + ". "
                + (columns.isEmpty()
                        ? "A row has at least one column"
                        : "The columns are " + Shown.name(String.join(", ", columns)))
                + ": those named in columns(..), else those of the first row. Give every row the same ones, with null where"
                + " there is no value.");
        this.connectionName = connectionName;
        this.row = row;
        this.found = found;
    }

    @Override
    public @Nullable String connectionName() {
        return connectionName;
    }

    @Override
    public Map<String, Object> facts() {
        return Facts.about(connectionName, Map.of("row", row, "found", found));
    }

    /** {@return which row it is, counted from 0} */
    public long row() {
        return row;
    }
}
