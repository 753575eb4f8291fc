package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.R2dbcException;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.h2.command.CommandInterface;
import org.h2.engine.Session;
import org.h2.jdbc.JdbcConnection;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.mariadb.r2dbc.util.ClientParser;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Generated SQL, through the parser of parameters and then through the parsers of those who read it after that. */
@Tag("once")
class ParameterFuzzTests {

    private static final long SEED = 20_240_229;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What a reader of the written SQL counts. */
    private interface Reader {
        int parameters(String sql) throws SQLException, ReflectiveOperationException;
    }

    private static WrittenSql written(SqlGenerator.Query query, SqlDialect dialect) {
        return ParsedSql.parse(query.sql(), dialect).write(query.values(), null);
    }

    private static void compare(SqlDialect dialect, int statements, Reader reader) throws Exception {
        SqlGenerator generator = new SqlGenerator(dialect, SEED);
        for (int i = 0; i < statements; i++) {
            SqlGenerator.Query query = generator.next();
            WrittenSql written = written(query, dialect);
            assertThat(reader.parameters(written.sql()))
                    .as("parameters of %s, written from %s", written.sql(), query.sql())
                    .isEqualTo(written.values().size());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "H2", "MYSQL", "MARIADB", "SQLITE"})
    void everyParameterIsFoundAndNothingElse(SqlDialect dialect) {
        SqlGenerator generator = new SqlGenerator(dialect, SEED);
        for (int i = 0; i < TestSize.of(20_000, 100_000); i++) {
            SqlGenerator.Query query = generator.next();
            ParsedSql parsed = ParsedSql.parse(query.sql(), dialect);
            assertThat(parsed.uses()).as(query.sql()).hasSize(query.uses());
            assertThat(parsed.keys()).as(query.sql()).isEqualTo(query.values().keySet());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SQLITE", "SQL_SERVER", "OTHER"})
    void whatIsNoSqlAtAllIsReadToItsEndAndKept(SqlDialect dialect) {
        SqlGenerator generator = new SqlGenerator(dialect, SEED);
        for (int i = 0; i < TestSize.of(20_000, 100_000); i++) {
            String soup = generator.soup();
            ParsedSql parsed = ParsedSql.parse(soup, dialect);
            StringBuilder again = new StringBuilder(parsed.texts().get(0));
            for (int use = 0; use < parsed.uses().size(); use++) {
                again.append(ParsedSql.Use.shown(parsed.uses().get(use).key()))
                        .append(parsed.texts().get(use + 1));
            }
            assertThat(again).hasToString(soup);
        }
    }

    @Test
    void sqliteCountsAsManyParameters() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            compare(SqlDialect.SQLITE, 100_000, sql -> {
                try (PreparedStatement statement = connection.prepareStatement(sql)) {
                    return statement.getParameterMetaData().getParameterCount();
                }
            });
        }
    }

    @Test
    void h2CountsAsManyParameters() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:h2:mem:fuzz")) {
            // Not through JDBC, which reads braces first, and nested comments wrong; the R2DBC driver does neither.
            Session session = connection.unwrap(JdbcConnection.class).getSession();
            compare(SqlDialect.H2, TestSize.of(20_000, 100_000), sql -> {
                try (CommandInterface command = session.prepareCommand(sql)) {
                    return command.getParameters().size();
                }
            });
        }
    }

    /** No driver shows its parser; a marker that it does not see, or sees in a string, cannot be bound. */
    @Test
    void theDriversThatParseCountAsManyParameters() throws Exception {
        int statements = TestSize.of(20_000, 100_000);

        compare(
                SqlDialect.POSTGRESQL,
                statements,
                parser("io.r2dbc.postgresql.PostgresqlSqlParser", "getParameterCount"));
        compare(SqlDialect.MYSQL, statements, parser("io.asyncer.r2dbc.mysql.Query", "getParameters"));
        compare(
                SqlDialect.MARIADB,
                statements,
                sql -> ClientParser.parameterParts(sql, false).getParamCount());
    }

    private static Reader parser(String type, String count) throws ReflectiveOperationException {
        Method parse = Class.forName(type).getMethod("parse", String.class);
        Method parameters = parse.getReturnType().getDeclaredMethod(count);
        parse.setAccessible(true);
        parameters.setAccessible(true);
        return sql -> (int) parameters.invoke(parse.invoke(null, sql));
    }

    /**
     * MySQL and MariaDB say in no view how many parameters a statement has, but refuse to run it with another number of values,
     * with error 1210. A variable that was never set is NULL, which serves for every one of them.
     */
    @ParameterizedTest
    @EnumSource(
            value = Product.class,
            names = {"MYSQL", "MARIADB"})
    void mysqlAndMariadbCountAsManyParameters(Product product) {
        SqlDialect dialect = SqlDialect.of(product.productName());
        SqlGenerator generator = new SqlGenerator(dialect, SEED);
        try (Database database = Databases.create(product)) {
            Mono.usingWhen(
                            Mono.from(ConnectionFactories.get(database.url()).create()),
                            connection -> Flux.range(0, TestSize.of(1_500, 20_000))
                                    .map(i -> written(generator.next(), dialect))
                                    .concatMap(written -> counted(connection, written))
                                    .then(),
                            io.r2dbc.spi.Connection::close)
                    .block(PATIENCE);
        }
    }

    private static Mono<Void> counted(io.r2dbc.spi.Connection connection, WrittenSql written) {
        String hex = HexFormat.of().formatHex(written.sql().getBytes(UTF_8));
        int values = written.values().size();
        return run(connection, "SET @s = CONVERT(x'" + hex + "' USING utf8mb4)")
                .then(run(connection, "PREPARE probe FROM @s"))
                .then(run(connection, execute(values)))
                .onErrorMap(failure -> new AssertionError(values + " values for " + written.sql(), failure))
                // Without this the test could not tell a server that counts from one that does not.
                .then(run(connection, execute(values + 1)).materialize())
                .doOnNext(answer -> assertThat(answer.getThrowable())
                        .as("one value more for %s", written.sql())
                        .isInstanceOfSatisfying(
                                R2dbcException.class,
                                refused -> assertThat(refused.getErrorCode()).isEqualTo(1210)))
                .then();
    }

    private static String execute(int values) {
        String given = IntStream.range(0, values).mapToObj(i -> "@v" + i).collect(Collectors.joining(", "));
        return "EXECUTE probe" + (given.isEmpty() ? "" : " USING " + given);
    }

    private static Mono<Void> run(io.r2dbc.spi.Connection connection, String sql) {
        return Flux.from(connection.createStatement(sql).execute())
                .concatMap(result -> result.map((row, metadata) -> row))
                .then();
    }

    @Test
    void postgresqlCountsAsManyParameters() {
        int size = 500;
        try (Fleet fleet = Fleet.of(Product.POSTGRESQL, "a")) {
            fleet.execute(
                    "a",
                    "CREATE FUNCTION counted(statements text[]) RETURNS int[] LANGUAGE plpgsql AS $f$"
                            + " DECLARE one text; n int; counts int[] := '{}';"
                            + " BEGIN FOREACH one IN ARRAY statements LOOP"
                            + " EXECUTE 'PREPARE probe AS ' || one;"
                            + " SELECT coalesce(array_length(parameter_types, 1), 0) INTO n FROM pg_prepared_statements"
                            + " WHERE name = 'probe';"
                            + " counts := counts || n; EXECUTE 'DEALLOCATE probe';"
                            + " END LOOP; RETURN counts; END $f$");
            SqlGenerator generator = new SqlGenerator(SqlDialect.POSTGRESQL, SEED);
            for (int done = 0; done < TestSize.of(2_000, 100_000); done += size) {
                List<WrittenSql> some = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    some.add(written(generator.next(), SqlDialect.POSTGRESQL));
                }
                String[] statements = some.stream().map(WrittenSql::sql).toArray(String[]::new);
                Integer[] counts = fleet.db()
                        .sql("SELECT counted(:statements)")
                        .bind("statements", statements)
                        .using(usingConnection("a"))
                        .map(Integer[].class)
                        .one()
                        .block(PATIENCE);
                assertThat(counts)
                        .isEqualTo(some.stream()
                                .map(written -> written.values().size())
                                .toArray(Integer[]::new));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.switchboard.databases.Databases#available")
    void everyProductAnswersWithTheValuesThatWereMeant(Product product) {
        SqlGenerator generator = new SqlGenerator(SqlDialect.of(product.productName()), SEED);
        try (Fleet fleet = Fleet.of(product, "a")) {
            for (int i = 0; i < TestSize.of(300, 5_000); i++) {
                SqlGenerator.Query query = generator.next();
                List<String> answer = fleet.db()
                        .sql(query.sql())
                        .bind(query.values())
                        .using(usingConnection("a"))
                        .map(row -> {
                            List<String> columns = new ArrayList<>();
                            for (int column = 0; column < query.expected().size(); column++) {
                                columns.add(String.valueOf(row.get(column)));
                            }
                            return columns;
                        })
                        .one()
                        .block(PATIENCE);
                assertThat(answer).as(query.sql()).isEqualTo(query.expected());
            }
        }
    }
}
