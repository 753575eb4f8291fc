package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.Parameters;
import io.r2dbc.spi.R2dbcType;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Row;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.Wrapped;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TimeZone;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.mariadb.r2dbc.api.MariadbConnection;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A point in time is the same point for JVMs in every zone, with the options that a definition gets when it opens. */
@Tag("once")
@Isolated("sets the time zone of the JVM")
class TimeZoneTests {

    /** In order of time: winter, summer, and in Berlin the hour that the clock goes through twice. */
    private static final List<Instant> INSTANTS = List.of(
            Instant.parse("2026-01-15T12:34:56.123456Z"),
            Instant.parse("2026-07-15T23:30:00Z"),
            Instant.parse("2026-10-25T00:30:00Z"),
            Instant.parse("2026-10-25T01:30:00Z"));

    private static final String POINTS = "SELECT at FROM point ORDER BY id";
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final TimeZone zoneBefore = TimeZone.getDefault();

    @AfterEach
    void restoreTheZone() {
        TimeZone.setDefault(zoneBefore);
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void anInstantIsTheSamePointInEveryZone(Product product) {
        for (String writer : List.of("Asia/Tokyo", "Europe/Berlin")) {
            try (Database database = Databases.create(product)) {
                ConnectionFactory factory =
                        ConnectionDefinition.of("zones", database.url()).open();
                inZone(writer, () -> insert(factory, product));
                for (String zone : List.of("Asia/Tokyo", "UTC", "America/New_York", "Europe/Berlin")) {
                    inZone(zone, () -> {
                        assertThat(seconds(factory, product)).as(zone).isEqualTo(epochSeconds());
                        assertThat(query(factory, POINTS, row -> row.get("at", Instant.class)))
                                .as(zone)
                                .isEqualTo(INSTANTS);
                    });
                }
            }
        }
    }

    @Test
    void anInstantWrittenOnOneProductReadsBackRightOnEveryOther() {
        Map<Product, Database> databases = new EnumMap<>(Product.class);
        try {
            Databases.available().forEach(product -> databases.put(product, Databases.create(product)));
            databases.forEach((product, database) ->
                    inZone("Asia/Tokyo", () -> points(database).create()));
            databases.forEach((source, from) -> {
                for (Instant instant : INSTANTS) {
                    inZone("Asia/Tokyo", () -> points(from).insert(instant));
                }
                databases.forEach((target, to) -> {
                    List<Instant> carried = new ArrayList<>();
                    inZone("America/New_York", () -> carried.addAll(points(from).read()));
                    if (target != source) {
                        inZone("Europe/Berlin", () -> carried.forEach(points(to)::insert));
                        inZone(
                                "Australia/Lord_Howe",
                                () -> assertThat(points(to).read())
                                        .as(source + " to " + target)
                                        .isEqualTo(INSTANTS));
                        points(to).empty();
                    }
                });
                points(from).empty();
            });
            assertThat(databases).hasSizeGreaterThanOrEqualTo(2);
        } finally {
            databases.values().forEach(Database::close);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theUtcOfTheSettingsIsTheUtcThatHoldsUnasked(Product product) {
        try (Database database = Databases.create(product)) {
            ConnectionFactory asked = ConnectionDefinition.of("zones", database.url())
                    .withSettings(s -> s.timeZone(ZoneOffset.UTC))
                    .open();
            inZone("Asia/Tokyo", () -> {
                PointTable table = new PointTable(asked, product);
                table.create();
                INSTANTS.forEach(table::insert);
            });
            inZone("Europe/Berlin", () -> assertThat(points(database).read()).isEqualTo(INSTANTS));
        }
    }

    private static PointTable points(Database database) {
        return new PointTable(ConnectionDefinition.of("zones", database.url()).open(), database.product());
    }

    @Test
    void aTimeZoneThatTheUserChoseIsNotTouched() {
        try (Database database = Databases.create(Product.MARIADB)) {
            ConnectionFactory factory = ConnectionDefinition.of("zones", database.url())
                    .withOption(Option.valueOf("timezone"), "+09:00")
                    .open();
            inZone("Asia/Tokyo", () -> {
                insert(factory, Product.MARIADB);
                assertThat(seconds(factory, Product.MARIADB)).isEqualTo(epochSeconds());
            });
        }
    }

    @Test
    void mariaDbTakesTimesWithAnOffsetOrAZoneToo() {
        try (Database database = Databases.create(Product.MARIADB)) {
            ConnectionFactory factory =
                    ConnectionDefinition.of("zones", database.url()).open();
            Instant instant = INSTANTS.get(0);
            execute(factory, connection -> connection.createStatement("CREATE TABLE point (at timestamp(6) NULL)"));
            execute(
                    factory,
                    connection -> connection
                            .createStatement("INSERT INTO point (at) VALUES (?)")
                            .bind(0, instant.atOffset(ZoneOffset.ofHours(5)))
                            .add()
                            .bind(0, instant.atZone(ZoneId.of("Europe/Berlin")))
                            .add()
                            .bind(0, Parameters.in(R2dbcType.TIMESTAMP_WITH_TIME_ZONE, instant))
                            .add()
                            .bindNull(0, OffsetDateTime.class));
            assertThat(query(factory, "SELECT at FROM point WHERE at IS NOT NULL", row -> row.get(0, Instant.class)))
                    .containsExactly(instant, instant, instant);
            String one = "SELECT at FROM point LIMIT 1";
            assertThat(query(factory, one, row -> row.get(0, OffsetDateTime.class)))
                    .containsExactly(instant.atOffset(ZoneOffset.UTC));
            assertThat(query(factory, one, row -> row.get("at", ZonedDateTime.class)))
                    .containsExactly(instant.atZone(ZoneOffset.UTC));
            assertThat(query(factory, one, row -> row.get(0)))
                    .containsExactly(LocalDateTime.ofInstant(instant, ZoneOffset.UTC));
            assertThat(query(factory, "SELECT count(*) FROM point WHERE at IS NULL", row -> row.get(0, int.class)))
                    .containsExactly(1);
        }
    }

    @Test
    void segmentsOfMariaDbAreReadInUtcToo() {
        try (Database database = Databases.create(Product.MARIADB)) {
            ConnectionFactory factory =
                    ConnectionDefinition.of("zones", database.url()).open();
            inZone("Asia/Tokyo", () -> {
                insert(factory, Product.MARIADB);
                Flux<Instant> read = results(
                        factory,
                        POINTS,
                        result -> result.filter(segment -> segment instanceof Result.RowSegment rows
                                        && INSTANTS.contains(rows.row().get(0, Instant.class)))
                                .flatMap(segment -> Mono.justOrEmpty(
                                        ((Result.RowSegment) segment).row().get(0, Instant.class))));
                assertThat(read.collectList().block(LIMIT)).isEqualTo(INSTANTS);
            });
        }
    }

    @Test
    void theMariaDbDriverAloneWritesTheWallClockOfTheJvm() {
        try (Database database = Databases.create(Product.MARIADB)) {
            ConnectionFactory driver = ConnectionFactories.get(ConnectionFactoryOptions.parse(database.url())
                    .mutate()
                    .option(Option.valueOf("timezone"), "UTC")
                    .build());
            inZone("Asia/Tokyo", () -> {
                insert(driver, Product.MARIADB);
                long wrongBy =
                        seconds(driver, Product.MARIADB).get(0) - epochSeconds().get(0);
                assertThat(Duration.ofSeconds(wrongBy))
                        .as("once the driver does it right, UtcConnection can go")
                        .isEqualTo(Duration.ofHours(9));
            });
        }
    }

    @Test
    void theDriversConnectionCanBeUnwrapped() {
        try (Database database = Databases.create(Product.MARIADB)) {
            ConnectionFactory factory =
                    ConnectionDefinition.of("zones", database.url()).open();
            Connection connection =
                    Objects.requireNonNull(Mono.from(factory.create()).block(LIMIT));
            MariadbConnection unwrapped = ((Wrapped<?>) connection).unwrap(MariadbConnection.class);
            assertThat(unwrapped).isNotNull().isSameAs(((Wrapped<?>) connection).unwrap());
            assertThat(factory.toString()).isEqualTo("ConnectionFactory[MariaDB in UTC]");
            Mono.from(connection.close()).block(LIMIT);
        }
    }

    @ParameterizedTest
    @MethodSource("serversOfTheMySqlFamily")
    void withoutOurOptionsAnInstantIsWrong(Product product) {
        try (Database database = Databases.create(product)) {
            ConnectionFactory bare = ConnectionFactories.get(database.url());
            inZone("Asia/Tokyo", () -> {
                insert(bare, product);
                assertThat(seconds(bare, product)).isNotEqualTo(epochSeconds());
            });
        }
    }

    static List<Product> serversOfTheMySqlFamily() {
        return List.of(Product.MYSQL, Product.MARIADB);
    }

    @ParameterizedTest
    @MethodSource("serversOfTheMySqlFamily")
    void aServerInAnotherZoneChangesNothing(Product product) {
        try (DatabaseServer server = Databases.startServer(product, "default-time-zone=+05:00");
                Database database = server.createDatabase()) {
            ConnectionFactory factory =
                    ConnectionDefinition.of("zones", database.url()).open();
            inZone("America/New_York", () -> {
                insert(factory, product);
                assertThat(seconds(factory, product)).isEqualTo(epochSeconds());
                assertThat(query(factory, "SELECT @@session.time_zone", row -> row.get(0, String.class)))
                        .containsExactly("+00:00");
            });
        }
    }

    private static void inZone(String zone, Runnable work) {
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        work.run();
    }

    private static List<Long> epochSeconds() {
        return INSTANTS.stream().map(Instant::getEpochSecond).toList();
    }

    private static void insert(ConnectionFactory factory, Product product) {
        boolean isPostgresql = product == Product.POSTGRESQL;
        String type = isPostgresql ? "timestamptz" : "timestamp(6) NULL";
        execute(factory, connection -> connection.createStatement("CREATE TABLE point (id int, at " + type + ")"));
        for (int id = 0; id < INSTANTS.size(); id++) {
            String sql = "INSERT INTO point (id, at) VALUES (" + id + (isPostgresql ? ", $1)" : ", ?)");
            Instant instant = INSTANTS.get(id);
            execute(factory, connection -> connection.createStatement(sql).bind(0, instant));
        }
    }

    private static List<Long> seconds(ConnectionFactory factory, Product product) {
        String function = product == Product.POSTGRESQL ? "extract(epoch FROM at)" : "UNIX_TIMESTAMP(at)";
        return query(
                factory,
                "SELECT floor(" + function + ") FROM point ORDER BY id",
                row -> ((Number) Objects.requireNonNull(row.get(0))).longValue());
    }

    private static void execute(ConnectionFactory factory, Function<Connection, Statement> statement) {
        Flux.usingWhen(
                        factory.create(),
                        connection -> Flux.from(statement.apply(connection).execute())
                                .flatMap(result -> Mono.from(result.getRowsUpdated())),
                        Connection::close)
                .blockLast(LIMIT);
    }

    private static <T> List<T> query(ConnectionFactory factory, String sql, Function<Row, T> read) {
        return results(factory, sql, result -> result.map((row, metadata) -> read.apply(row)))
                .collectList()
                .blockOptional(LIMIT)
                .orElseThrow();
    }

    private static <T> Flux<T> results(ConnectionFactory factory, String sql, Function<Result, Publisher<T>> read) {
        return Flux.usingWhen(
                factory.create(),
                connection ->
                        Flux.from(connection.createStatement(sql).execute()).flatMap(read),
                connection -> Mono.from(connection.close()));
    }
}
