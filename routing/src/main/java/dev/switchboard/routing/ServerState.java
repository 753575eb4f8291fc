package dev.switchboard.routing;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What a server says of itself, in one round trip.
 *
 * @param writable whether it takes writes; null where its product does not say
 * @param proven whether taking writes proves that it replicates from nobody
 * @param position how far it has written or, where it copies another one, replayed; null where its product has no positions, or
 *     they are switched off, or it is not readable
 * @param unreadable whether there is a position that is too much to carry around, or is none that we know
 */
record ServerState(
        @Nullable Boolean writable,
        boolean proven,
        @Nullable LogPosition position,
        boolean unreadable) {

    ServerState(@Nullable Boolean writable, boolean proven, @Nullable LogPosition position) {
        this(writable, proven, position, false);
    }

    private static final long EIGHT_KILOBYTES = 8192;

    /** What a server is taken for, which decides which of its positions count. */
    enum Part {
        PRIMARY,
        REPLICA
    }

    /**
     * The insert position, since without synchronous commit the written one may lie before a commit that was answered. A file
     * of the log has the timeline in its name. A standby tells the timeline of what it receives only to those who may see all
     * statistics; that of its last restart point is the same or older, which errs in the safe direction.
     */
    private static final String POSTGRESQL = """
            SELECT s.standby,
              CASE WHEN s.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text,
              CASE WHEN s.standby
                THEN (SELECT GREATEST((SELECT max(received_tli) FROM pg_stat_wal_receiver), timeline_id)
                      FROM pg_control_checkpoint())::text
                ELSE pg_walfile_name(pg_current_wal_insert_lsn()) END,
              current_setting('wal_block_size')
            FROM (SELECT pg_is_in_recovery() AS standby) s""";

    private static final String MYSQL = "SELECT @@global.read_only, @@global.gtid_executed, @@global.gtid_mode";

    /**
     * Of a replica only what its replication has applied counts: its own transactions may have numbers that the primary gave
     * to others.
     */
    private static final String MARIADB =
            "SELECT @@global.read_only, @@global.gtid_current_pos, @@global.gtid_slave_pos";

    /** Asks on a connection that is outside of any transaction. */
    static Mono<ServerState> ask(Connection connection, String product, Part part) {
        return switch (product) {
            case "PostgreSQL" -> answer(connection, POSTGRESQL, ServerState::ofPostgresql);
            case "MySQL" -> answer(connection, MYSQL, ServerState::ofMysql);
            case "MariaDB" -> answer(connection, MARIADB, row -> ofMariadb(row, part));
            default -> answer(connection, "SELECT 1", row -> new ServerState(null, false, null));
        };
    }

    private static Mono<ServerState> answer(Connection connection, String sql, Function<Row, ServerState> reading) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap((Result result) -> result.map((row, metadata) -> reading.apply(row)))
                .last();
    }

    private static ServerState ofPostgresql(Row row) {
        boolean standby = Boolean.TRUE.equals(row.get(0, Boolean.class));
        String lsn = row.get(1, String.class);
        String where = row.get(2, String.class);
        Long timeline = where == null ? null : standby ? Digits.decimal(where) : timelineOf(where);
        WalPosition position = lsn == null || timeline == null ? null : WalPosition.of(timeline, lsn);
        boolean usualPages = String.valueOf(EIGHT_KILOBYTES).equals(row.get(3, String.class));
        return new ServerState(
                !standby,
                true,
                position != null && !standby && usualPages ? position.endOfLastRecord() : position,
                position == null && !standby);
    }

    private static @Nullable Long timelineOf(String logFile) {
        return logFile.length() < 8 ? null : Digits.hex(logFile.substring(0, 8));
    }

    private static ServerState ofMysql(Row row) {
        return mysql(isOff(row.get(0)), text(row, 1), text(row, 2));
    }

    /** Where transactions get no numbers any more, those that were given before say nothing of what is written now. */
    static ServerState mysql(boolean writable, String executed, String mode) {
        boolean numbered = mode.toUpperCase(Locale.ROOT).startsWith("ON");
        LogPosition position = numbered ? GtidSet.parse(executed) : null;
        return new ServerState(writable, false, position, numbered && position == null && !executed.isEmpty());
    }

    private static ServerState ofMariadb(Row row, Part part) {
        return mariadb(isOff(row.get(0)), text(row, part == Part.PRIMARY ? 1 : 2));
    }

    static ServerState mariadb(boolean writable, String gtids) {
        LogPosition position = MariadbPosition.of(gtids);
        return new ServerState(writable, false, position, position == null && !gtids.isEmpty());
    }

    private static String text(Row row, int column) {
        String text = row.get(column, String.class);
        return text == null ? "" : text.replace("\n", "");
    }

    /** Drivers give a setting as a number, a boolean or a text. */
    private static boolean isOff(@Nullable Object setting) {
        String said = String.valueOf(setting).toLowerCase(Locale.ROOT);
        return said.equals("0") || said.equals("off") || said.equals("false");
    }
}
