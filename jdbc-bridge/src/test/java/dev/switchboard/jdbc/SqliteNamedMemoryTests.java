package dev.switchboard.jdbc;

class SqliteNamedMemoryTests extends SqliteTestKit<String> {

    @Override
    TestDatabase database() {
        return TestDatabase.url("r2dbc:sqlite:mem:///testkit");
    }

    @Override
    String jdbcAddress() {
        return "file:/testkit?vfs=memdb";
    }

    @Override
    public String getPlaceholder(int index) {
        return ":p" + index;
    }

    @Override
    public String getIdentifier(int index) {
        return "p" + index;
    }
}
