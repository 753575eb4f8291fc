package dev.switchboard.spring;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import org.springframework.data.convert.ConverterBuilder;

/**
 * Reads what SQLite stores in another form than the property of an entity has. A column that declares a date or time is read
 * as one by the driver; these are for columns of text. Writing needs nothing: the driver takes all of these types.
 */
final class SqliteConverters {

    static final List<Object> ALL = List.of(
            ConverterBuilder.reading(Number.class, Boolean.class, number -> number.doubleValue() != 0),
            ConverterBuilder.reading(String.class, LocalDate.class, LocalDate::parse),
            ConverterBuilder.reading(String.class, LocalTime.class, LocalTime::parse),
            ConverterBuilder.reading(String.class, LocalDateTime.class, text -> LocalDateTime.parse(iso(text))),
            ConverterBuilder.reading(String.class, OffsetDateTime.class, text -> OffsetDateTime.parse(iso(text))),
            ConverterBuilder.reading(String.class, ZonedDateTime.class, text -> ZonedDateTime.parse(iso(text))),
            ConverterBuilder.reading(
                    String.class,
                    Instant.class,
                    text -> OffsetDateTime.parse(iso(text)).toInstant()),
            // What SQLite writes of its own accord (CURRENT_TIMESTAMP) is UTC; Spring would take the zone of the
            // machine.
            ConverterBuilder.reading(LocalDateTime.class, Instant.class, time -> time.toInstant(ZoneOffset.UTC)));

    private SqliteConverters() {}

    /** SQLite's own functions write a blank between date and time. */
    private static String iso(String text) {
        return text.replace(' ', 'T');
    }
}
