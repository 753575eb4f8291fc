package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** Configurations of real databases, read from a file, and applied while queries run. */
@Tag("once")
class ConfiguredDatabasesTests {

    private static final int ROUNDS = TestSize.of(6, 60);

    private final List<Database> databases = new ArrayList<>();
    private ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @TempDir
    private Path folder;

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
        databases.forEach(Sessions::awaitNone);
        databases.forEach(Database::close);
    }

    private Database database(Product product) {
        Database database = Databases.create(product);
        databases.add(database);
        return database;
    }

    private SwitchboardConfiguration configuration(Properties properties, Map<String, String> environment) {
        Path file = folder.resolve("app.properties");
        try (var out = Files.newBufferedWriter(file)) {
            properties.store(out, null);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
        return SwitchboardConfiguration.builder()
                .file(file)
                .environment(environment)
                .build();
    }

    /** Field by field, as a template; the password comes from a variable. */
    private static Properties template(String start, Database database) {
        Properties properties = new Properties();
        ConnectionFactoryOptions options = database.options();
        for (Option<?> option : Secrets.names(options)) {
            boolean isField = ConfigurationKey.of(option.name()) != null;
            String value = option.equals(ConnectionFactoryOptions.PASSWORD)
                    ? "${DB_PASSWORD}"
                    : String.valueOf(options.getValue(option));
            properties.setProperty(start + (isField ? "" : "options.") + option.name(), value);
        }
        return properties;
    }

    private static Map<String, String> password(Database database) {
        Object password = database.options().getValue(ConnectionFactoryOptions.PASSWORD);
        return password == null ? Map.of() : Map.of("DB_PASSWORD", password.toString());
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aRegistryThatIsConfiguredByAFileAnswersQueries(Product product) {
        Database orders = database(product);
        Properties properties = template("switchboard.templates.server.", orders);
        properties.setProperty("switchboard.connections.by-fields.template", "server");
        properties.setProperty("switchboard.connections.by-url.url", orders.url());
        properties.setProperty("switchboard.defaults.pool.max-size", "2");
        properties.setProperty("switchboard.default-connection", "by-url");
        registry = configuration(properties, password(orders)).createRegistry();
        assertThat(registry.defaultConnection()).isEqualTo("by-url");
        for (String name : List.of("by-fields", "by-url")) {
            StepVerifier.create(Borrowing.query(registry, name, "SELECT 42"))
                    .assertNext(answer -> assertThat(answer).hasToString("42"))
                    .verifyComplete();
            assertThat(registry.product(name)).isEqualTo(product.productName());
            assertThat(registry.status(name).counts().max()).isEqualTo(2);
        }
    }

    /** One connection stays the same, one changes each round, one comes and goes; the unchanged one is never without queries. */
    @ParameterizedTest
    @EnumSource(Product.class)
    void applyingLosesNoQueryOnANameThatStaysTheSame(Product product) {
        Database orders = database(product);
        registry = round(orders, 0).createRegistry();
        Connection borrowed = Borrowing.borrowed(registry, "same");
        SlotPools pool = registry.slot("same").pools();
        AtomicInteger answered = new AtomicInteger();
        Mono<Long> queries = Flux.range(0, Integer.MAX_VALUE)
                .flatMap(
                        i -> Borrowing.query(registry, "same", "SELECT 42")
                                .doOnNext(ignored -> answered.incrementAndGet()),
                        4)
                .takeUntil(ignored -> registry.contains("end"))
                .count();
        Mono<Long> changing = Flux.range(0, Integer.MAX_VALUE)
                .concatMap(i -> Borrowing.query(registry, "changing", "SELECT 42"))
                .takeUntil(ignored -> registry.contains("end"))
                .count();
        Flux<AppliedConfiguration> applying = Flux.fromStream(
                        IntStream.rangeClosed(1, ROUNDS).boxed())
                .concatMap(round -> registry.apply(round(orders, round))
                        .delayUntil(ignored -> Borrowing.query(registry, "changing", "SELECT 42")));
        StepVerifier.create(Mono.zip(
                        queries,
                        changing,
                        applying.collectList().doOnNext(ignored -> registry.register("end", orders.url()))))
                .assertNext(done -> assertThat(done.getT3())
                        .allSatisfy(applied -> assertThat(applied.replaced()).containsExactly("changing"))
                        .extracting(applied -> applied.registered().size()
                                + applied.unregistered().size())
                        .containsOnly(1))
                .expectComplete()
                .verify(Borrowing.PATIENCE.multipliedBy(3));
        assertThat(answered).hasPositiveValue();
        assertThat(registry.slot("same").pools()).isSameAs(pool);
        assertThat(Borrowing.one(borrowed, "SELECT 7").block(Borrowing.PATIENCE))
                .hasToString("7");
        Borrowing.close(borrowed);
    }

    private static SwitchboardConfiguration round(Database database, int round) {
        SwitchboardConfiguration.Builder builder = SwitchboardConfiguration.builder()
                .environment(Map.of())
                .defaults(d -> d.url(Borrowing.alike(database.url())).pool(Borrowing::quick))
                .connection("same", d -> d)
                .connection("changing", d -> d.pool(pool -> pool.maxSize(1 + round % 2)));
        return (round % 2 == 0 ? builder.connection("passing", d -> d) : builder).build();
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoWaitsOnANameThatStaysTheSameGoesOnWaitingAndIsServed(Product product) {
        Database orders = database(product);
        registry = round(orders, 0).createRegistry();
        Connection first = Borrowing.borrowed(registry, "same");
        Connection second = Borrowing.borrowed(registry, "same");
        StepVerifier.create(Borrowing.query(registry, "same", "SELECT 42"))
                .expectSubscription()
                .then(() -> Waiting.until(
                        "a waiting borrower",
                        () -> registry.status("same").counts().waiting() == 1))
                .then(() -> assertThat(registry.apply(round(orders, 1)).block(Borrowing.PATIENCE))
                        .isEqualTo(new AppliedConfiguration(Set.of(), Set.of("changing"), Set.of("passing"), Set.of())))
                .then(() ->
                        assertThat(registry.status("same").counts().waiting()).isEqualTo(1))
                .then(() -> Borrowing.close(first))
                .assertNext(answer -> assertThat(answer).hasToString("42"))
                .expectComplete()
                .verify(Borrowing.PATIENCE);
        Borrowing.close(second);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void whoIsSentAwayMayUseTheRegistryAtOnce(Product product) {
        Database orders = database(product);
        registry = round(orders, 0).createRegistry();
        List<Connection> held =
                List.of(Borrowing.borrowed(registry, "passing"), Borrowing.borrowed(registry, "passing"));
        Mono<Object> sentAway = Borrowing.query(registry, "passing", "SELECT 42")
                .onErrorResume(
                        ConnectionDrainingException.class,
                        refused -> elsewhere(
                                () -> registry.defaultConnection("same").defaultConnection()));
        StepVerifier.create(sentAway)
                .expectSubscription()
                .then(() -> Waiting.until(
                        "a waiting borrower",
                        () -> registry.status("passing").counts().waiting() == 1))
                .then(() -> registry.apply(round(orders, 1)).subscribe())
                .expectNext("same")
                .expectComplete()
                .verify(Borrowing.PATIENCE);
        Borrowing.close(held);
    }

    /** On another thread, waited for, as a caller of code that blocks would. */
    private static Mono<Object> elsewhere(Callable<Object> call) {
        return Mono.justOrEmpty(
                Mono.fromCallable(call).subscribeOn(Schedulers.boundedElastic()).block(Borrowing.PATIENCE));
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void applyingCompletesWhenTheOldPoolsAreClosedAndACancelDoesNotStopThem(Product product) {
        Database orders = database(product);
        registry = round(orders, 0).createRegistry();
        Connection held = Borrowing.borrowed(registry, "passing");
        Mono<AppliedConfiguration> applied = registry.apply(round(orders, 1));
        StepVerifier.create(applied)
                .expectSubscription()
                .then(() -> assertThat(registry.names()).containsExactly("changing", "same"))
                .thenCancel()
                .verify(Borrowing.PATIENCE);
        StepVerifier.create(registry.quiescent())
                .expectSubscription()
                .then(() -> Borrowing.close(held))
                .expectComplete()
                .verify(Borrowing.PATIENCE);
        Sessions.awaitNone(orders);
    }
}
