package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.function.Function;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** A reader leaves while a publisher of its own, made for a row, never ends: that publisher ends with its reader. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class LeavingTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration PAST_ALL_PATIENCE = Duration.ofHours(1);

    private static Database database;
    private static CountingFactory factory;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        factory = new CountingFactory(database.url());
        ExchangeOptions onlyTheEndOfTheStreamHelps = ExchangeOptions.builder()
                .drainTimeout(PAST_ALL_PATIENCE)
                .transactionDrainTimeout(PAST_ALL_PATIENCE)
                .build();
        registry = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                        .exchange(onlyTheEndOfTheStreamHelps)
                        .build())
                .register(ConnectionDefinition.of("orders", factory).withPool(pool -> pool.maxSize(1)));
        borrowed(connection -> Sql.run(
                        connection, "CREATE TABLE item (id INT PRIMARY KEY)", "INSERT INTO item VALUES (1), (2), (3)"))
                .blockLast(PATIENCE);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        database.close();
    }

    private static <T> Flux<T> borrowed(Function<Connection, Publisher<T>> work) {
        return Flux.usingWhen(registry.connectionFactory("orders").create(), work, Connection::close);
    }

    private static Mono<Void> leftAtTheFirstRow(Connection connection) {
        Sinks.Empty<Void> waitingForever = Sinks.empty();
        return Flux.from(connection.createStatement("SELECT id FROM item").execute())
                .flatMap(result -> endless(result, waitingForever))
                .takeUntilOther(waitingForever.asMono())
                .then();
    }

    private static Publisher<Object> endless(Result result, Sinks.Empty<Void> waitingForever) {
        return result.flatMap(segment -> Mono.never().doOnSubscribe(subscribed -> waitingForever.tryEmitEmpty()));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEndlessPublisherCostsNeitherTheConnectionNorTheTransaction(boolean inTransaction) {
        Object answer = borrowed(
                        connection -> Mono.from(inTransaction ? connection.beginTransaction() : Mono.<Void>empty())
                                .then(leftAtTheFirstRow(connection))
                                .then(Borrowing.one(connection, "SELECT count(*) FROM item"))
                                .delayUntil(count -> inTransaction ? connection.commitTransaction() : Mono.empty()))
                .blockLast(PATIENCE);
        assertThat(answer).hasToString("3");
        assertThat(factory.opened()).isEqualTo(1);
    }
}
