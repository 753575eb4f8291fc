package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcNonTransientException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** What the layer above does with a connection that was written on never costs the writer its result, or the pool its place. */
@Tag("once")
class WrittenTests {

    private final Database database = Databases.create(Product.POSTGRESQL);
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
            .register(ConnectionDefinition.of("orders", database.url())
                    .withPool(pool -> pool.maxSize(1).resetTimeout(Duration.ofMillis(300))));
    private final List<String> told = new CopyOnWriteArrayList<>();

    @BeforeEach
    void create() {
        run(new Watching(connection -> Mono.empty()), "CREATE TABLE item (id INT PRIMARY KEY)");
    }

    @AfterEach
    void close() {
        Borrowing.close(registry);
        database.close();
    }

    private void run(RouteBinding binding, String sql) {
        Mono.usingWhen(
                        Mono.fromSupplier(() -> registry.connect(binding)),
                        connection -> Sql.run(connection, sql),
                        Connection::close)
                .block(Borrowing.PATIENCE);
    }

    private int items() {
        Object count = Mono.usingWhen(
                        Mono.fromSupplier(() -> registry.connect(new Watching(connection -> Mono.empty()))),
                        connection -> Borrowing.one(connection, "SELECT count(*) FROM item"),
                        Connection::close)
                .block(Borrowing.PATIENCE);
        return Integer.parseInt(String.valueOf(count));
    }

    private Mono<Void> asked(Connection connection) {
        return Borrowing.one(connection, "SELECT count(*) FROM item")
                .doOnNext(count -> told.add("items " + count))
                .then();
    }

    @Test
    void itIsAskedAfterACommitBeforeTheWriterHearsOfIt() {
        SwitchboardConnection connection = registry.connect(new Watching(this::asked));
        Sql.run(connection, "INSERT INTO item VALUES (0)").block(Borrowing.PATIENCE);
        assertThat(told)
                .as("outside of a transaction, with the connection's return")
                .isEmpty();
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        connection
                .commitTransaction()
                .doOnSuccess(done -> told.add("committed"))
                .block(Borrowing.PATIENCE);
        assertThat(told).containsExactly("items 2", "committed");
        connection.close().doOnSuccess(done -> told.add("closed")).block(Borrowing.PATIENCE);
        assertThat(told).containsExactly("items 2", "committed", "items 2", "closed");
    }

    @Test
    void itIsAskedBehindARollback() {
        SwitchboardConnection connection = registry.connect(new Watching(this::asked));
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        connection.close().block(Borrowing.PATIENCE);
        assertThat(told).containsExactly("items 0");
    }

    @Test
    void anErrorOfItIsNotTheWriters() {
        Function<Connection, Mono<Void>> failing =
                connection -> Sql.run(connection, "SELECT nothing FROM nowhere").then();
        SwitchboardConnection connection = registry.connect(new Watching(failing));
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        StepVerifier.create(connection.commitTransaction()).verifyComplete();
        StepVerifier.create(connection.close()).verifyComplete();
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void oneThatNeverAnswersCostsTheConnectionAndNothingElse() {
        SwitchboardConnection connection = registry.connect(new Watching(any -> Mono.never()) {
            @Override
            public void lost() {
                told.add("lost");
            }
        });
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        StepVerifier.create(connection.commitTransaction()).verifyComplete();
        assertThat(told).containsExactly("lost");
        StepVerifier.create(connection.close()).verifyComplete();
        assertThat(told).as("and the connection with it").containsExactly("lost", "lost");
        assertThat(registry.status("orders").counts().inUse()).isZero();
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void aCommitThatNobodyWaitsForIsFollowedToItsEnd() {
        Sinks.Empty<Void> end = Sinks.empty();
        SwitchboardConnection connection = registry.connect(new Watching(any -> end.asMono()));
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        connection.commitTransaction().subscribe().dispose();
        end.tryEmitEmpty();
        connection.close().block(Borrowing.PATIENCE);
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
        assertThat(items()).isEqualTo(1);
    }

    @Test
    void aCommitThatIsRefusedIsRolledBack() {
        SwitchboardConnection connection = registry.connect(new Watching(any -> Mono.empty()) {
            @Override
            public void checkCommit() {
                throw new R2dbcNonTransientException("moved") {};
            }
        });
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        StepVerifier.create(connection.commitTransaction()).verifyErrorMessage("moved");
        StepVerifier.create(connection.close()).verifyComplete();
        assertThat(items()).isZero();
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
    }

    @Test
    void aStatementThatWaitsForACommitIsSentAfterIt() {
        Sinks.Empty<Void> end = Sinks.empty();
        SwitchboardConnection connection =
                registry.connect(new Watching(any -> end.asMono().doOnSuccess(done -> told.add("written"))) {
                    @Override
                    public void sending(ContextView statementContext, boolean inReadOnlyTransaction) {
                        told.add("sending");
                    }
                });
        connection.beginTransaction().block(Borrowing.PATIENCE);
        Sql.run(connection, "INSERT INTO item VALUES (1)").block(Borrowing.PATIENCE);
        CompletableFuture<?> commit = connection.commitTransaction().toFuture();
        CompletableFuture<?> second =
                Sql.run(connection, "INSERT INTO item VALUES (2)").toFuture();
        assertThat(told).containsExactly("sending");
        end.tryEmitEmpty();
        assertThat(commit).succeedsWithin(Borrowing.PATIENCE);
        assertThat(second).succeedsWithin(Borrowing.PATIENCE);
        assertThat(told).containsExactly("sending", "written", "sending");
        connection.close().block(Borrowing.PATIENCE);
    }

    @Test
    void aStatementThatIsRefusedWhenItIsSentLeavesTheConnectionAsItWas() {
        SwitchboardConnection connection = registry.connect(new Watching(any -> Mono.empty()) {
            @Override
            public void sending(ContextView statementContext, boolean inReadOnlyTransaction) {
                if (told.isEmpty()) {
                    told.add("refused");
                    throw new R2dbcNonTransientException("moved") {};
                }
            }
        });
        StepVerifier.create(Sql.run(connection, "INSERT INTO item VALUES (1)")).verifyErrorMessage("moved");
        StepVerifier.create(Sql.run(connection, "INSERT INTO item VALUES (2)").then())
                .verifyComplete();
        connection.close().block(Borrowing.PATIENCE);
        assertThat(items()).isEqualTo(1);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 1, 0, 0, 1));
    }

    private static class Watching implements RouteBinding {

        private final Function<Connection, Mono<Void>> look;

        Watching(Function<Connection, Mono<Void>> look) {
            this.look = look;
        }

        @Override
        public Mono<Route> resolve(boolean readOnlyTransaction) {
            return Mono.just(Route.to("orders"));
        }

        @Override
        public void check(ContextView statementContext) {
            // Every statement is on this route.
        }

        @Override
        public Mono<Void> written(Connection connection) {
            return look.apply(connection);
        }

        @Override
        public ContextView capturedContext() {
            return Context.empty();
        }

        @Override
        public String productName() {
            return "PostgreSQL";
        }
    }
}
