package dev.switchboard.core;

import java.util.Locale;
import java.util.Set;

/**
 * Looks at a text for what may leave something in its session that nobody could take out of it again, so that the session must
 * not go to another name. A false alarm costs a connection that is opened instead.
 */
final class UnseenWork {

    /** What stands in front of a bracket that calls nothing. */
    private static final String MARKS = "(),=<>+-*/%!|&^~;";

    /** Brackets that call nothing, and functions of MySQL and MariaDB that leave nothing behind. */
    private static final Set<String> HARMLESS =
            Set.of(("all and any as between by case check distinct else except exists from"
                            + " having in intersect interval into is join key like limit not on or over partition primary references select"
                            + " set some table then union unique using values when where with xor"
                            + " bigint binary char datetime decimal double enum float int integer numeric smallint text time timestamp"
                            + " tinyint varbinary varchar year"
                            + " abs avg bit_and bit_or bit_xor cast ceil ceiling char_length coalesce concat concat_ws connection_id convert"
                            + " count curdate current_date current_time current_timestamp curtime database date date_add date_format"
                            + " date_sub datediff day dayofmonth dayofweek dayofyear dense_rank exp extract field find_in_set first_value"
                            + " floor format from_unixtime greatest group_concat hex hour if ifnull instr json_array json_arrayagg"
                            + " json_contains json_extract json_object json_objectagg json_unquote json_value lag last_value lcase lead"
                            + " least left length ln locate log lower lpad ltrim max md5 min minute mod month now ntile nullif position pow"
                            + " power rand rank repeat replace reverse right round row_number rpad rtrim schema second sha1 sha2 sign sqrt"
                            + " std stddev str_to_date substr substring substring_index sum timediff timestampdiff trim truncate ucase"
                            + " unhex unix_timestamp upper utc_timestamp uuid variance version week weekday")
                    .split(" "));

    private UnseenWork() {}

    /** Whether a session of this product may be another one after the text than it was before. */
    static boolean possible(String sql, DriverSheet sheet) {
        SessionChanges changes = new SessionChanges();
        changes.sent(sql);
        int semicolon = sql.indexOf(';');
        boolean isSingle = semicolon < 0 || sql.substring(semicolon + 1).isBlank();
        // PostgreSQL has a message that undoes what functions do.
        boolean mayCall = !sheet.can(DriverSheet.Capability.SESSION_RESET);
        // A user variable may be set in more ways than a pattern knows.
        return changes.any() || !isSingle || (mayCall && (sql.indexOf('@') >= 0 || callsUnknown(sql)));
    }

    private static boolean callsUnknown(String sql) {
        int bracket = sql.indexOf('(');
        if (bracket < 0) {
            return false;
        }
        // A comment may stand between a name and its bracket.
        if (sql.contains("/*") || sql.contains("--") || sql.indexOf('#') >= 0) {
            return true;
        }
        while (bracket >= 0) {
            if (isUnknown(sql, bracket)) {
                return true;
            }
            bracket = sql.indexOf('(', bracket + 1);
        }
        return false;
    }

    private static boolean isUnknown(String sql, int bracket) {
        int end = beforeSpaces(sql, bracket);
        int start = beginning(sql, end);
        if (start == end || HARMLESS.contains(sql.substring(start, end).toLowerCase(Locale.ROOT))) {
            return false;
        }
        int previous = beforeSpaces(sql, start);
        // The columns of a table into which something is written.
        return !"into".equalsIgnoreCase(sql.substring(beginning(sql, previous), previous));
    }

    private static int beforeSpaces(String sql, int end) {
        int at = end;
        while (at > 0 && Character.isWhitespace(sql.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private static int beginning(String sql, int end) {
        int at = end;
        while (at > 0 && !Character.isWhitespace(sql.charAt(at - 1)) && MARKS.indexOf(sql.charAt(at - 1)) < 0) {
            at--;
        }
        return at;
    }
}
