package dev.switchboard.jdbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteIndexedFileTests extends SqliteTestKit<Integer> {
    @TempDir
    Path directory;

    @Override
    TestDatabase database() {
        return TestDatabase.in(directory);
    }

    @Override
    String jdbcAddress() {
        return directory.resolve("test.db").toString();
    }

    @Override
    public String getPlaceholder(int index) {
        return "?";
    }

    @Override
    public Integer getIdentifier(int index) {
        return index;
    }
}
