package dev.switchboard.routing;

/**
 * Under which name one part of a transaction is prepared. Made of letters, digits, hyphens and dots only, since these statements take no
 * parameters.
 *
 * @param transaction the id of the whole, at most 64 bytes as XA allows
 * @param number which part of it
 */
record BranchId(String transaction, int number) {

    /** A name for the whole server, since PostgreSQL has one space of names for all its databases. */
    String forPostgresql() {
        return transaction + "." + number;
    }

    static BranchId ofPostgresql(String gid) {
        int dot = gid.lastIndexOf('.');
        return new BranchId(gid.substring(0, dot), Integer.parseInt(gid.substring(dot + 1)));
    }

    String forXa() {
        return "'" + transaction + "','" + number + "',1";
    }
}
