package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.subscriber.TestSubscriber;

/** A close, a cancel or a rollback in the moment in which a statement is on its way to the driver. */
@ParameterizedClass(name = "{0}")
@EnumSource(Product.class)
class ExchangeRaceTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static Database database;
    private static CountingFactory factory;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        factory = new CountingFactory(database.url());
        registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", factory).withPool(pool -> pool.maxSize(1)));
        Borrowing.query(registry, "orders", "SELECT 1").block(PATIENCE);
        Mono.usingWhen(
                        registry.connectionFactory("orders").create(),
                        connection -> Borrowing.update(connection, "CREATE TABLE item (id INT PRIMARY KEY)"),
                        Connection::close)
                .block(PATIENCE);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        database.close();
    }

    @BeforeEach
    void nothingHappensOnTheWay() {
        factory.rewriting(sql -> sql);
    }

    private static Connection handle() {
        Connection handle = Borrowing.borrowed(registry, "orders");
        assertThat(handle).isNotNull();
        return handle;
    }

    /** What is to happen between the moment in which an insert has its turn and the one in which it is sent. */
    private static void onTheWayOfAnInsert(Runnable event) {
        factory.rewriting(sql -> {
            if (sql.startsWith("INSERT")) {
                event.run();
            }
            return sql;
        });
    }

    private static Mono<Object> items() {
        return Borrowing.query(registry, "orders", "SELECT count(*) FROM item");
    }

    @Test
    void aStatementIsNotSentOnAConnectionThatIsClosedMeanwhile() {
        Connection handle = handle();
        Sinks.Empty<Void> closed = Sinks.empty();
        onTheWayOfAnInsert(
                () -> Mono.from(handle.close()).subscribe(none -> {}, closed::tryEmitError, closed::tryEmitEmpty));
        StepVerifier.create(Borrowing.update(handle, "INSERT INTO item VALUES (1)"))
                .expectError(ConnectionReleasedException.class)
                .verify(PATIENCE);
        closed.asMono().block(PATIENCE);
        assertThat(items().block(PATIENCE)).hasToString("0");
        assertThat(registry.status("orders").counts().inUse()).isZero();
    }

    @Test
    void aStatementIsNotSentForAReaderWhoLeftMeanwhile() {
        Connection handle = handle();
        Disposable[] reader = new Disposable[1];
        Sinks.Empty<Void> subscribed = Sinks.empty();
        onTheWayOfAnInsert(() -> reader[0].dispose());
        // Its turn comes when the gate opens, so that there is somebody to leave by then.
        Mono<Long> gated = subscribed.asMono().then(Borrowing.update(handle, "INSERT INTO item VALUES (2)"));
        reader[0] = gated.subscribe();
        subscribed.tryEmitEmpty();
        Borrowing.close(handle);
        assertThat(items().block(PATIENCE)).hasToString("0");
    }

    @Test
    void theConnectionIsGivenBackAtOnceByWhoLeavesAndClosesMeanwhile() {
        Disposable[] reader = new Disposable[1];
        Sinks.Empty<Void> gate = Sinks.empty();
        onTheWayOfAnInsert(() -> reader[0].dispose());
        reader[0] = gate.asMono()
                .thenMany(Flux.usingWhen(
                        registry.connectionFactory("orders").create(),
                        connection -> Borrowing.update(connection, "INSERT INTO item VALUES (3)"),
                        Connection::close))
                .subscribe();
        gate.tryEmitEmpty();
        assertThat(items().block(PATIENCE)).hasToString("0");
        registry.quiescent().block(PATIENCE);
        assertThat(registry.status("orders").counts().inUse()).isZero();
    }

    private static void askedInTheMomentOfTheEnd(HandleSession session, boolean ends) {
        TurnQueue turns = new TurnQueue(Schedulers.parallel(), ExchangeOptions.defaults(), () -> "orders");
        Lease lease = Objects.requireNonNull(session.lease().held());
        OpenExchange exchange = new OpenExchange(turns.turn("SELECT 1", false), session, lease.physical());
        Piece<Object> piece = Piece.ofRows(exchange, TestSubscriber.create());
        exchange.begins(piece);
        piece.onSubscribe(new Subscription() {
            @Override
            public void request(long n) {
                if (ends) {
                    piece.onComplete();
                }
                throw new RejectedExecutionException("The worker is gone");
            }

            @Override
            public void cancel() {
                piece.onComplete();
            }
        });
        piece.request(1);
    }

    @Test
    void whoAsksForMoreInTheMomentOfTheEndHearsOfNoWorkerThatIsGone() {
        ConnectionHandle handle = (ConnectionHandle) handle();
        askedInTheMomentOfTheEnd(handle.session(), true);
        assertThatThrownBy(() -> askedInTheMomentOfTheEnd(handle.session(), false))
                .as("a worker that is gone too early")
                .isInstanceOf(RejectedExecutionException.class);
        Borrowing.close(handle);
    }
}
