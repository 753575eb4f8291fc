package dev.switchboard.core;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks at a text for what may leave something in its session that nobody could take out of it again, so that the session must
 * not go to another name. A false alarm costs a connection that is opened instead.
 */
final class UnseenWork {

    /** A name with a bracket: a function, or one of the words and places where brackets stand for something else. */
    private static final Pattern BRACKETS = Pattern.compile("([\\p{L}\\d_$.`\"]+)\\s*\\(");

    /** The columns of a table into which something is written. */
    private static final Pattern COLUMNS =
            Pattern.compile("\\binto\\s+[\\p{L}\\d_$.`\"]+\\s*\\(", Pattern.CASE_INSENSITIVE);

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
        return changes.any() || !isSingle || (mayCall && callsUnknown(sql));
    }

    private static boolean callsUnknown(String sql) {
        if (sql.indexOf('(') < 0) {
            return false;
        }
        Matcher brackets = BRACKETS.matcher(COLUMNS.matcher(sql).replaceAll(" "));
        while (brackets.find()) {
            if (!HARMLESS.contains(brackets.group(1).toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return false;
    }
}
