package dev.switchboard.jdbc;

import io.r2dbc.spi.ColumnMetadata;
import io.r2dbc.spi.RowMetadata;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The columns of a result; names are found without regard to case, the first one of equal names wins. */
final class JdbcRowMetadata implements RowMetadata {
    private final List<JdbcColumn> columns;

    /** Made when a name is first asked for; whoever reads it finds it whole, since it is not changed any more. */
    private volatile @Nullable Map<String, Integer> indexes;

    JdbcRowMetadata(List<JdbcColumn> columns) {
        this.columns = columns;
    }

    private Map<String, Integer> indexes() {
        Map<String, Integer> known = indexes;
        if (known == null) {
            known = new HashMap<>(columns.size() * 2);
            for (int i = 0; i < columns.size(); i++) {
                known.putIfAbsent(columns.get(i).label().toLowerCase(Locale.ROOT), i);
            }
            indexes = known;
        }
        return known;
    }

    int size() {
        return columns.size();
    }

    JdbcColumn column(int index) {
        return columns.get(requireIndex(index));
    }

    int requireIndex(int index) {
        if (index < 0 || index >= columns.size()) {
            throw new IndexOutOfBoundsException("There is no column " + index + " (indexes start at 0); the result has "
                    + columns.size() + " columns");
        }
        return index;
    }

    int requireName(String name) {
        Arguments.requireNonNull(name, "The name of a column");
        Integer index = indexes().get(name);
        if (index == null) {
            index = indexes().get(name.toLowerCase(Locale.ROOT));
        }
        if (index == null) {
            throw new NoSuchElementException("There is no column named '" + name + "'; the result has "
                    + columns.stream().map(JdbcColumn::label).toList());
        }
        return index;
    }

    @Override
    public ColumnMetadata getColumnMetadata(int index) {
        return column(index);
    }

    @Override
    public ColumnMetadata getColumnMetadata(String name) {
        return columns.get(requireName(name));
    }

    @Override
    public List<? extends ColumnMetadata> getColumnMetadatas() {
        return columns;
    }

    @Override
    public boolean contains(String columnName) {
        Arguments.requireNonNull(columnName, "The name of a column");
        return indexes().containsKey(columnName.toLowerCase(Locale.ROOT));
    }
}
