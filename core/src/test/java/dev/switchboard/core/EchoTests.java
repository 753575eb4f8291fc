package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The statements of a connection in the log, for who asked for it. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class EchoTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String SECRET = "hunter2";

    private static Database database;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    private final Lines lines = new Lines();
    private final Logger logger = (Logger) LoggerFactory.getLogger(Echo.class);

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(1)));
        borrowed(connection -> Sql.run(connection, "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(40))"))
                .blockLast(PATIENCE);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        database.close();
    }

    @BeforeEach
    void listen() {
        logger.setLevel(Level.DEBUG);
        logger.setAdditive(false);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void silence() {
        borrowed(connection -> Sql.run(connection, "DELETE FROM item")).blockLast(PATIENCE);
        registry.echo("orders", Echo.OFF);
        logger.detachAppender(lines);
        logger.setLevel(null);
    }

    private static <T> Flux<T> borrowed(Function<Connection, Publisher<T>> work) {
        return Flux.usingWhen(registry.connectionFactory("orders").create(), work, Connection::close);
    }

    private Mono<Long> insert(Connection connection) {
        String sql = switch (product) {
            case POSTGRESQL, H2 -> "INSERT INTO item VALUES ($1, $2)";
            default -> "INSERT INTO item VALUES (?, ?)";
        };
        return Flux.from(connection
                        .createStatement(sql)
                        .bind(0, 918_273_645)
                        .bind(1, SECRET)
                        .execute())
                .concatMap(result -> result.getRowsUpdated())
                .reduce(0L, Long::sum);
    }

    @Test
    void aStatementIsOneLineWithNameRouteDurationAndRows() {
        registry.echo("orders", Echo.STATEMENTS);
        borrowed(connection -> Sql.run(
                                connection, "INSERT INTO item VALUES (1, 'a')", "INSERT INTO item VALUES (2, 'b')")
                        .thenMany(Sql.query(connection, "SELECT id\n FROM item")))
                .blockLast(PATIENCE);
        assertThat(lines.seen).hasSize(3);
        assertThat(lines.seen.get(0))
                .matches("orders \\(read-write\\) \\d+\\.\\d{3} ms, 0 rows, 1 updated: INSERT INTO item VALUES .*");
        assertThat(lines.seen.get(2)).matches("orders \\(read-write\\) \\d+\\.\\d{3} ms, 2 rows: SELECT id FROM item");
    }

    @Test
    void boundValuesAreMaskedUnlessTheyAreAskedFor() {
        registry.echo("orders", Echo.STATEMENTS);
        borrowed(this::insert).blockLast(PATIENCE);
        assertThat(lines.seen)
                .singleElement()
                .asString()
                .endsWith(" [2 masked]")
                .doesNotContain(SECRET, "918273645");
        lines.seen.clear();
        borrowed(connection -> Sql.run(connection, "DELETE FROM item")).blockLast(PATIENCE);
        lines.seen.clear();
        registry.echo("orders", Echo.STATEMENTS_WITH_VALUES);
        borrowed(this::insert).blockLast(PATIENCE);
        assertThat(lines.seen).singleElement().asString().endsWith(" [0=918273645, 1=" + SECRET + "]");
    }

    @Test
    void aFailureIsALineWithoutTheWordsOfTheServer() {
        registry.echo("orders", Echo.STATEMENTS);
        borrowed(connection -> Sql.query(connection, "SELECT nonsense FROM item"))
                .onErrorComplete()
                .blockLast(PATIENCE);
        assertThat(lines.seen)
                .singleElement()
                .asString()
                .matches("orders \\(read-write\\) .* ms, failed with \\w+: SELECT nonsense FROM item");
    }

    @Test
    void aStatementThatItsReaderLeftIsALineWhenItHasEnded() {
        registry.echo("orders", Echo.STATEMENTS);
        borrowed(connection -> Sql.query(connection, "SELECT 1").take(1)).blockLast(PATIENCE);
        registry.quiescent().block(PATIENCE);
        assertThat(lines.seen).singleElement().asString().contains("SELECT 1");
    }

    @Test
    void aStatementOnAnOverrideIsALineThatShowsIt() {
        Siblings siblings = new Siblings(product, 2);
        registry.replace(siblings.base()).block(PATIENCE);
        registry.echo("orders", Echo.STATEMENTS);
        assertThat(Siblings.tag(registry, siblings.to(1)).block(PATIENCE)).isEqualTo("tag1");
        assertThat(lines.seen)
                .singleElement()
                .asString()
                .startsWith("orders[database=" + siblings.name(1) + "] (read-write)")
                .endsWith("SELECT tag FROM me");
        registry.replace(ConnectionDefinition.of("orders", database.url()).withPool(pool -> pool.maxSize(1)))
                .block(PATIENCE);
        siblings.close();
    }

    @Test
    void nothingIsWrittenUnlessItWasAskedFor() {
        borrowed(this::insert).blockLast(PATIENCE);
        registry.echo("orders", Echo.STATEMENTS);
        logger.setLevel(Level.INFO);
        borrowed(connection -> Sql.query(connection, "SELECT 1")).blockLast(PATIENCE);
        assertThat(lines.seen).isEmpty();
    }

    private static final class Lines extends AppenderBase<ILoggingEvent> {

        private final List<String> seen = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            seen.add(event.getFormattedMessage());
        }
    }
}
