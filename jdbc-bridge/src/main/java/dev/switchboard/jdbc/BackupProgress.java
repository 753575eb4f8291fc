package dev.switchboard.jdbc;

/**
 * How far a copy of a database has come.
 *
 * @param remainingPages pages that are still to be copied; 0 in the last report
 * @param totalPages pages of the database
 */
public record BackupProgress(long remainingPages, long totalPages) {}
