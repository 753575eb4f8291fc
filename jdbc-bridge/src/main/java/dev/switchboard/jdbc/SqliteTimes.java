package dev.switchboard.jdbc;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Dates and times as ISO text, in the form that SQLite's {@code CURRENT_TIMESTAMP} and {@code datetime()} write (a blank
 * between date and time), so that they compare as text. The other form, with a {@code T}, is read as well. Nothing is lost
 * down to the nanosecond.
 */
final class SqliteTimes {
    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .appendValue(ChronoField.HOUR_OF_DAY, 2)
            .appendLiteral(':')
            .appendValue(ChronoField.MINUTE_OF_HOUR, 2)
            .appendLiteral(':')
            .appendValue(ChronoField.SECOND_OF_MINUTE, 2)
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .toFormatter();
    private static final DateTimeFormatter DATE = new DateTimeFormatterBuilder()
            .appendValue(ChronoField.YEAR, 4, 10, SignStyle.EXCEEDS_PAD)
            .appendPattern("-MM-dd")
            .toFormatter();
    private static final DateTimeFormatter DATE_TIME = new DateTimeFormatterBuilder()
            .append(DATE)
            .appendLiteral(' ')
            .append(TIME)
            .toFormatter();
    private static final DateTimeFormatter OFFSET_DATE_TIME = new DateTimeFormatterBuilder()
            .append(DATE_TIME)
            .appendOffset("+HH:MM:ss", "Z")
            .toFormatter();
    private static final DateTimeFormatter READ = new DateTimeFormatterBuilder()
            .append(DATE)
            .optionalStart()
            .appendPattern("['T'][' ']HH:mm[:ss]")
            .optionalStart()
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .optionalEnd()
            .optionalStart()
            .appendOffset("+HH:MM:ss", "Z")
            .optionalEnd()
            .optionalStart()
            .appendLiteral('[')
            .appendZoneRegionId()
            .appendLiteral(']')
            .optionalEnd()
            .optionalEnd()
            .toFormatter();

    private SqliteTimes() {}

    static String text(LocalDate date) {
        return DATE.format(date);
    }

    static String text(LocalTime time) {
        return TIME.format(time);
    }

    static String text(LocalDateTime time) {
        return DATE_TIME.format(time);
    }

    static String text(OffsetDateTime time) {
        return OFFSET_DATE_TIME.format(time);
    }

    /** SQLite reads an offset but no region, so a region is written only where there is one. */
    static String text(ZonedDateTime time) {
        String text = text(time.toOffsetDateTime());
        return time.getZone() instanceof ZoneOffset
                ? text
                : text + '[' + time.getZone().getId() + ']';
    }

    static LocalDate date(String text) {
        LocalDateTime read = dateTime(text);
        if (read.toLocalTime().toNanoOfDay() != 0) {
            throw new DateTimeException("it has a time of day; read it as LocalDateTime");
        }
        return read.toLocalDate();
    }

    /** A text that has a date as well is a moment, and no time of day. */
    static LocalTime time(String text) {
        return LocalTime.parse(text);
    }

    static LocalDateTime dateTime(String text) {
        TemporalAccessor read = read(text);
        if (read.query(TemporalQueries.offset()) != null) {
            throw new DateTimeException("it has an offset; read it as OffsetDateTime");
        }
        return local(read);
    }

    private static LocalDateTime local(TemporalAccessor read) {
        LocalTime time = read.query(TemporalQueries.localTime());
        return LocalDateTime.of(LocalDate.from(read), time == null ? LocalTime.MIDNIGHT : time);
    }

    static OffsetDateTime offsetDateTime(String text) {
        TemporalAccessor read = read(text);
        ZoneOffset offset = read.query(TemporalQueries.offset());
        if (offset == null) {
            throw new DateTimeException("it has no offset; read it as LocalDateTime");
        }
        return OffsetDateTime.of(local(read), offset);
    }

    static Instant instant(String text) {
        return offsetDateTime(text).toInstant();
    }

    static ZonedDateTime zonedDateTime(String text) {
        OffsetDateTime time = offsetDateTime(text);
        var zone = read(text).query(TemporalQueries.zoneId());
        return zone == null ? time.toZonedDateTime() : time.atZoneSameInstant(zone);
    }

    static boolean hasOffset(String text) {
        return read(text).query(TemporalQueries.offset()) != null;
    }

    private static TemporalAccessor read(String text) {
        return READ.parse(text);
    }

    /** What a reader makes of a text, or null if it is not of that form. */
    static @Nullable Object orNull(String text, Function<String, ?> reader) {
        try {
            return reader.apply(text);
        } catch (DateTimeException notOfThatForm) {
            return null;
        }
    }
}
