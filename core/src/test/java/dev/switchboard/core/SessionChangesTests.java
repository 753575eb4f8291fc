package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a text does to its session, as far as a text can tell; where it cannot, the worst is assumed. */
class SessionChangesTests {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                " -- one\n(select 1)",
                "VALUES (1); SELECT 2;",
                "SELECT 1; -- done",
                "WITH two AS (SELECT 2) INSERT INTO t SELECT * FROM two"
            })
    void aTextOfReadingStatementsBeginsReading(String sql) {
        assertThat(SessionChanges.beginsReading(sql)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (1)",
                "SELECT 1; DELETE FROM t",
                "SELECT 'a; b'",
                "EXPLAIN PRAGMA foreign_keys = OFF",
                "PRAGMA user_version",
                "/* never closed",
                "selection"
            })
    void anyOtherTextDoesNot(String sql) {
        assertThat(SessionChanges.beginsReading(sql)).isFalse();
    }

    private static boolean changes(String sql) {
        SessionChanges changes = new SessionChanges();
        changes.sent(sql);
        return changes.any();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SET x = 1",
                "  ( set x = 1)",
                "-- one\nSET x = 1",
                "# one\nSET x = 1",
                "/* one */ SET x = 1",
                "/* one /* two */ three */ SET x = 1",
                "/*! SET x = 1 */",
                "/*M!100100 SET x = 1 */",
                "/*!40101 SET x = 1 */ SELECT 1",
                "/* never closed",
                "SELECT 1; SET x = 1",
                "SELECT 1;;\n-- one\nBEGIN",
                "SELECT 'a\\'; SET x = 1; -- '",
                "SELECT $$a$$; SET x = 1",
                "SELECT 1 -- one;\nSET x = 1",
                "CREATE TEMP VIEW v AS SELECT 1",
                "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
                "create /* a */ or replace\ntemporary table t (id int)",
                "CREATE TABLE pg_temp.t (id INT)",
                "SELECT 1 INTO TEMP t",
                "SELECT 1 INTO @x",
                "SELECT @x := 1",
                "SELECT set_config /* a */ ('a', 'b', false)",
                "ALTER SESSION SET CURRENT_SCHEMA = a"
            })
    void aChangeIsSeen(String sql) {
        assertThat(changes(sql)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SELECT 1",
                "SELECT 1;",
                "/* one */ SELECT 1 -- two",
                "SELECT 1; SELECT 2",
                "UPDATE t SET a = 'b; c' WHERE d = 1",
                "INSERT INTO t (temp, email) VALUES (1, 'a@b.example')",
                "WITH a AS (SELECT 1) SELECT * FROM a",
                "CREATE TABLE t (temp INT)",
                "ALTER TABLE session ADD a INT"
            })
    void whatChangesNothingCostsNothing(String sql) {
        assertThat(changes(sql)).isFalse();
    }
}
