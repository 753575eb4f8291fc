package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcType;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Set;

/**
 * Points in time as milliseconds since 1970 in UTC, where that is asked for. A time without a zone is taken as one of UTC.
 * Dates and times of day stay text.
 */
final class SqliteEpoch {
    private static final Set<Class<?>> ZONED = Set.of(Instant.class, OffsetDateTime.class, ZonedDateTime.class);
    private static final Set<Class<?>> LOCAL = Set.of(LocalDateTime.class, LocalDate.class);

    private SqliteEpoch() {}

    /** The value, or its milliseconds if it is a point in time. */
    static Object encode(Object value) {
        if (value instanceof Instant instant) {
            return millis(instant);
        }
        if (value instanceof OffsetDateTime time) {
            return millis(time.toInstant());
        }
        if (value instanceof ZonedDateTime time) {
            return millis(time.toInstant());
        }
        return value instanceof LocalDateTime time ? millis(time.toInstant(ZoneOffset.UTC)) : value;
    }

    private static Long millis(Instant instant) {
        if (!instant.truncatedTo(ChronoUnit.MILLIS).equals(instant)) {
            throw new IllegalArgumentException(instant + " has a fraction of a millisecond, which the option"
                    + " times=EPOCH_MILLIS would lose; cut it off (truncatedTo), or store text with times=TEXT");
        }
        try {
            return instant.toEpochMilli();
        } catch (ArithmeticException tooFar) {
            throw new IllegalArgumentException(
                    instant + " is too far away to be counted in milliseconds; store text with times=TEXT", tooFar);
        }
    }

    /** Milliseconds as the text that they stand for, where a point in time is meant; everything else as it is. */
    static Object asText(Object raw, JdbcColumn column, Class<?> type) {
        boolean untyped = type == Object.class;
        boolean local = LOCAL.contains(type) || (untyped && column.getType() == R2dbcType.TIMESTAMP);
        boolean zoned = ZONED.contains(type) || (untyped && column.getType() == R2dbcType.TIMESTAMP_WITH_TIME_ZONE);
        boolean isNumber = raw instanceof Long || raw instanceof Integer;
        if (!isNumber || !(local || zoned)) {
            return raw;
        }
        OffsetDateTime time = Instant.ofEpochMilli(((Number) raw).longValue()).atOffset(ZoneOffset.UTC);
        return local ? localText(time.toLocalDateTime(), type) : SqliteTimes.text(time);
    }

    /** As a date it is only read where nothing is lost. */
    private static String localText(LocalDateTime time, Class<?> type) {
        if (type == LocalDate.class && time.toLocalTime().toNanoOfDay() != 0) {
            throw new IllegalArgumentException(time + " (UTC) is not the beginning of a day; read it as LocalDateTime");
        }
        return SqliteTimes.text(time);
    }
}
