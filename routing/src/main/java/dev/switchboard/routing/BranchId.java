package dev.switchboard.routing;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Under which name one part of a transaction is prepared. Made of letters, digits, hyphens and dots only, since these statements
 * take no parameters.
 *
 * @param transaction the id of the whole, at most 64 bytes as XA allows
 * @param number which part of it
 */
record BranchId(String transaction, int number) {

    private static final Pattern POSTGRESQL = Pattern.compile("([a-z0-9-]{1,64})\\.(\\d{1,6})");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,6}");
    private static final Pattern TRANSACTION = Pattern.compile("[a-z0-9-]{1,64}");

    /** A name for the whole server, since PostgreSQL has one space of names for all its databases. */
    String forPostgresql() {
        return transaction + "." + number;
    }

    /** Null for a name that is none of ours. */
    static @Nullable BranchId ofPostgresql(String gid) {
        Matcher parts = POSTGRESQL.matcher(gid);
        return parts.matches() ? new BranchId(parts.group(1), Integer.parseInt(parts.group(2))) : null;
    }

    String forXa() {
        return "'" + transaction + "','" + number + "',1";
    }

    /** Null for a name that is none of ours. */
    static @Nullable BranchId ofXa(long format, String transaction, String branch) {
        boolean ours = format == 1
                && TRANSACTION.matcher(transaction).matches()
                && NUMBER.matcher(branch).matches();
        return ours ? new BranchId(transaction, Integer.parseInt(branch)) : null;
    }
}
