package dev.switchboard.spring;

import static dev.switchboard.spring.SpringOnSqlite.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.TimeZone;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.data.annotation.Id;
import org.springframework.data.r2dbc.core.R2dbcEntityTemplate;
import reactor.test.StepVerifier;

/** What an entity holds comes back as it was, whether its column is declared or only text. */
class TypeTests {

    private static final ZonedDateTime MOMENT = ZonedDateTime.parse("2026-02-03T04:05:06.789+02:00[Europe/Athens]");

    private final SpringOnSqlite sqlite = new SpringOnSqlite(Access.BARE);
    private final R2dbcEntityTemplate template = new R2dbcEntityTemplate(sqlite.factory());

    @AfterEach
    void close() {
        sqlite.close();
    }

    private <T> void comesBack(Class<T> type, T entity) {
        StepVerifier.create(
                        template.insert(entity).thenMany(template.select(type).all()))
                .expectNext(entity)
                .expectComplete()
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id INTEGER PRIMARY KEY, day DATE, hour TIME, clock TIMESTAMP, moment TIMESTAMPTZ, instant TIMESTAMPTZ",
                "id INTEGER PRIMARY KEY, day TEXT, hour TEXT, clock TEXT, moment TEXT, instant TEXT",
                "id INTEGER PRIMARY KEY, day, hour, clock, moment, instant"
            })
    void datesAndTimes(String columns) {
        sqlite.execute("CREATE TABLE times (" + columns + ")");

        comesBack(
                Times.class,
                new Times(
                        1,
                        MOMENT.toLocalDate(),
                        MOMENT.toLocalTime(),
                        MOMENT.toLocalDateTime(),
                        MOMENT.toOffsetDateTime(),
                        MOMENT.toInstant()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id INTEGER PRIMARY KEY, truth BOOLEAN, amount DECIMAL(30, 2), key UUID, day VARCHAR, zoned TEXT",
                "id INTEGER PRIMARY KEY, truth INTEGER, amount TEXT, key TEXT, day TEXT, zoned TEXT"
            })
    void everythingElse(String columns) {
        sqlite.execute("CREATE TABLE things (" + columns + ")");

        comesBack(
                Things.class,
                new Things(1, true, new BigDecimal("1234.25"), UUID.randomUUID(), DayOfWeek.FRIDAY, MOMENT));
    }

    @Test
    void bytes() {
        sqlite.execute("CREATE TABLE picture (id INTEGER PRIMARY KEY, bytes BLOB)");
        byte[] bytes = "picture".getBytes(StandardCharsets.UTF_8);

        StepVerifier.create(template.insert(new Picture(1, bytes))
                        .thenMany(template.select(Picture.class).all()))
                .assertNext(read -> {
                    assertThat(read.id).isEqualTo(1);
                    assertThat(read.bytes).isEqualTo(bytes);
                })
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void whatSqliteCallsNowIsThatInstantInEveryZone() {
        TimeZone zone = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone("Pacific/Auckland"));
        try {
            sqlite.execute("CREATE TABLE visit (id INTEGER PRIMARY KEY, at TIMESTAMP)");
            sqlite.execute("INSERT INTO visit VALUES (1, datetime('2026-02-03 04:05:06'))");

            StepVerifier.create(template.select(Visit.class).all())
                    .expectNext(new Visit(1, Instant.parse("2026-02-03T04:05:06Z")))
                    .expectComplete()
                    .verify(PATIENCE);
        } finally {
            TimeZone.setDefault(zone);
        }
    }

    record Times(
            @Id int id, LocalDate day, LocalTime hour, LocalDateTime clock, OffsetDateTime moment, Instant instant) {}

    record Things(@Id int id, boolean truth, BigDecimal amount, UUID key, DayOfWeek day, ZonedDateTime zoned) {}

    static final class Picture {
        @Id
        private final int id;

        private final byte[] bytes;

        Picture(int id, byte[] bytes) {
            this.id = id;
            this.bytes = bytes;
        }
    }

    record Visit(@Id int id, Instant at) {}
}
