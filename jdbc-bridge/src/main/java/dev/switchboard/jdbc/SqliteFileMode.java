package dev.switchboard.jdbc;

import org.jspecify.annotations.Nullable;

/**
 * How a file is opened.
 *
 * @param readOnly whether for reading only
 * @param immutable whether nobody else changes it either, so that no locks are taken and no files are made beside it
 * @param create whether it is created if it does not exist
 * @param ownerOnly whether a created file can be read and written by its owner only
 * @param vfs SQLite's name of the way to the file system, null for its default
 * @param sharedCache whether the connections of this process share one cache
 */
record SqliteFileMode(
        boolean readOnly,
        boolean immutable,
        boolean create,
        boolean ownerOnly,
        @Nullable String vfs,
        boolean sharedCache) {

    boolean mayCreate() {
        return create && !readOnly;
    }

    /** What stands behind the question mark of the address that SQLite opens. */
    String query() {
        StringBuilder query = new StringBuilder();
        if (immutable) {
            query.append("&immutable=1");
        }
        if (vfs != null) {
            query.append("&vfs=").append(vfs);
        }
        if (sharedCache) {
            query.append("&cache=shared");
        }
        return query.isEmpty() ? "" : "?" + query.substring(1);
    }
}
