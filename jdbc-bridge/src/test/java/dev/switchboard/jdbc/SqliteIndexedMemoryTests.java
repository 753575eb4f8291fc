package dev.switchboard.jdbc;

class SqliteIndexedMemoryTests extends SqliteTestKit<Integer> {

    @Override
    TestDatabase database() {
        return TestDatabase.url("r2dbc:sqlite:mem:///indexed-testkit");
    }

    @Override
    String jdbcAddress() {
        return "file:/indexed-testkit?vfs=memdb";
    }

    @Override
    public String getPlaceholder(int index) {
        return "?" + (index + 1);
    }

    @Override
    public Integer getIdentifier(int index) {
        return index;
    }
}
