package dev.switchboard.jdbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteNamedFileTests extends SqliteTestKit<String> {
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
        return "@p" + index;
    }

    @Override
    public String getIdentifier(int index) {
        return "p" + index;
    }
}
