package dev.switchboard.jdbc;

import static dev.switchboard.jdbc.TestDatabase.PATIENCE;
import static dev.switchboard.jdbc.TestDatabase.await;
import static dev.switchboard.jdbc.TestDatabase.run;
import static dev.switchboard.jdbc.TestDatabase.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.r2dbc.spi.Closeable;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcNonTransientResourceException;
import io.r2dbc.spi.Result;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

/** Opening and closing give back their thread, their turn and their file, whatever throws on the way. */
class BridgeClosingTests {
    private static final Driver FRAGILE = new FragileDriver();

    @TempDir
    Path directory;

    /** A JDBC driver over H2's that breaks where its address says. */
    private static final class FragileDriver implements Driver {
        private static final String PREFIX = "jdbc:fragile:";

        @Override
        public boolean acceptsURL(String url) {
            return url.startsWith(PREFIX);
        }

        @Override
        public java.sql.Connection connect(String url, Properties info) throws SQLException {
            if (!acceptsURL(url)) {
                return null;
            }
            String breaks = url.substring(PREFIX.length());
            if (breaks.equals("open")) {
                throw new UnsatisfiedLinkError("libfragile.so");
            }
            java.sql.Connection real = DriverManager.getConnection("jdbc:h2:mem:");
            return (java.sql.Connection) Proxy.newProxyInstance(
                    FragileDriver.class.getClassLoader(),
                    new Class<?>[] {java.sql.Connection.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals(breaks)) {
                            throw new IllegalStateException("fragile " + breaks);
                        }
                        try {
                            return method.invoke(real, arguments);
                        } catch (InvocationTargetException thrown) {
                            throw thrown.getCause();
                        }
                    });
        }

        @Override
        public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) {
            return new DriverPropertyInfo[0];
        }

        @Override
        public int getMajorVersion() {
            return 1;
        }

        @Override
        public int getMinorVersion() {
            return 0;
        }

        @Override
        public boolean jdbcCompliant() {
            return false;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }
    }

    @BeforeAll
    static void register() throws SQLException {
        DriverManager.registerDriver(FRAGILE);
    }

    @AfterAll
    static void deregister() throws SQLException {
        DriverManager.deregisterDriver(FRAGILE);
    }

    private static int openCount(TestDatabase database) {
        return ((BridgeConnectionFactory) database.factory())
                .settings()
                .workers()
                .openCount();
    }

    @Test
    void aNativeLibraryThatCannotBeLoadedIsAnErrorAndItsThreadIsGivenBack() {
        try (TestDatabase database = TestDatabase.url("r2dbc:jdbc:fragile:///open?maxThreads=1")) {
            for (int attempt = 0; attempt < 2; attempt++) {
                StepVerifier.create(database.factory().create())
                        .expectErrorSatisfies(error -> assertThat(error)
                                .isInstanceOf(R2dbcNonTransientResourceException.class)
                                .hasMessageContainingAll("libfragile.so", "java.io.tmpdir")
                                .hasCauseInstanceOf(UnsatisfiedLinkError.class))
                        .verify(PATIENCE);
            }
            assertThat(openCount(database)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "rollback"})
    void aConnectionWhoseDriverThrowsIsClosedAndItsThreadIsGivenBack(String breaks) {
        try (TestDatabase database = TestDatabase.url("r2dbc:jdbc:fragile:///" + breaks + "?maxThreads=1")) {
            Connection connection = database.open();
            await(connection.beginTransaction());
            Mono<Void> closing = Mono.from(connection.close());
            if (breaks.equals("close")) {
                StepVerifier.create(closing)
                        .expectErrorSatisfies(error -> assertThat(error)
                                .isInstanceOf(R2dbcException.class)
                                .hasMessageContaining("fragile close"))
                        .verify(PATIENCE);
            } else {
                await(closing);
            }
            assertThat(openCount(database)).isZero();
        }
    }

    private static void readRowsAndThrowWhenTheyEnd(Connection connection, Sinks.Empty<Void> oneRow, Runnable atEnd) {
        Flux.from(connection.createStatement("VALUES (1), (2)").execute())
                .concatMap(result -> result.map(row -> row.get(0)))
                .subscribe(new BaseSubscriber<Object>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        request(1);
                    }

                    @Override
                    protected void hookOnNext(Object row) {
                        oneRow.tryEmitEmpty();
                    }

                    @Override
                    protected void hookOnError(Throwable error) {
                        atEnd.run();
                    }
                });
    }

    @Test
    void aSubscriberThatThrowsWhileItsConnectionClosesKeepsNeitherThreadNorTurn() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            await(connection.beginTransaction());
            run(connection, "INSERT INTO t VALUES (1)");
            for (int i = 0; i < 2; i++) {
                Sinks.Empty<Void> oneRow = Sinks.empty();
                readRowsAndThrowWhenTheyEnd(connection, oneRow, () -> {
                    throw new IllegalStateException("a subscriber's own mistake");
                });
                await(oneRow.asMono());
            }
            await(connection.close());
            Connection next = database.open();
            run(next, "INSERT INTO t VALUES (2)");
            assertThat(values(next, "SELECT v FROM t")).containsExactly(2);
            await(next.close());
            assertThat(WriterLane.count()).isZero();
        }
    }

    @Test
    void whatIsAskedOfAConnectionWhileItClosesIsAnswered() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            Connection connection = database.open();
            Connection holder = database.open();
            run(connection, "CREATE TABLE t (v INTEGER)");
            await(holder.beginTransaction());
            Sinks.Empty<Void> oneRow = Sinks.empty();
            Sinks.One<Long> late = Sinks.one();
            readRowsAndThrowWhenTheyEnd(
                    connection,
                    oneRow,
                    () -> Flux.from(connection
                                    .createStatement("INSERT INTO t VALUES (1)")
                                    .execute())
                            .concatMap(Result::getRowsUpdated)
                            .subscribe(late::tryEmitValue, late::tryEmitError));
            await(oneRow.asMono());
            await(connection.close());
            StepVerifier.create(late.asMono())
                    .expectErrorSatisfies(error ->
                            assertThat(((R2dbcException) error).getSqlState()).isEqualTo("08003"))
                    .verify(PATIENCE);
            await(holder.close());
        }
    }

    /** Who breaks the rules of Reactive Streams harms nobody but itself. */
    private static <T> Subscriber<T> throwing() {
        return new Subscriber<>() {
            @Override
            public void onSubscribe(Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(T value) {
                throw new IllegalStateException("a subscriber's own mistake");
            }

            @Override
            public void onError(Throwable error) {
                throw new IllegalStateException("a subscriber's own mistake");
            }

            @Override
            public void onComplete() {
                throw new IllegalStateException("a subscriber's own mistake");
            }
        };
    }

    @Test
    void aSubscriberThatThrowsWhenAConnectionHasClosedKeepsNobodyWaitingAndNoThread() {
        try (TestDatabase database = TestDatabase.url(
                "r2dbc:sqlite:///" + directory.resolve("test.db").toUri().getRawPath() + "?maxThreads=1")) {
            BridgeConnection connection = (BridgeConnection) database.open();
            CompletableFuture<Boolean> bothWait = new CompletableFuture<>();
            connection.jdbc(jdbc -> bothWait.join()).subscribe(throwing());
            connection.close().subscribe(throwing());
            Sinks.Empty<Void> closed = Sinks.empty();
            connection.close().subscribe(null, closed::tryEmitError, closed::tryEmitEmpty);
            bothWait.complete(true);
            await(closed.asMono());
            assertThat(openCount(database)).isZero();
            Connection next = database.open();
            assertThat(values(next, "SELECT 1")).containsExactly(1);
            await(next.close());
        }
    }

    @Test
    void whatIsAskedAtTheMomentOfTheEndIsAnswered() {
        try (TestDatabase database = TestDatabase.in(directory)) {
            for (int i = 0; i < 200; i++) {
                Connection connection = database.open();
                Mono<Void> closing = Mono.from(connection.close());
                Mono<Void> asking = Flux.range(0, 20)
                        .flatMap(n -> Mono.from(connection.commitTransaction()).onErrorComplete(R2dbcException.class))
                        .then()
                        .subscribeOn(reactor.core.scheduler.Schedulers.parallel());
                StepVerifier.create(Mono.when(closing, asking)).expectComplete().verify(PATIENCE);
            }
        }
    }

    @Test
    void aFactoryThatIsClosedHandsOutNoMoreThreads() {
        Workers workers = new Workers(1);
        workers.close();
        Sinks.Empty<Void> refused = Sinks.empty();
        workers.enqueue(new Workers.Waiter() {
            @Override
            public boolean accept(Workers.Worker worker) {
                return false;
            }

            @Override
            public void refuse() {
                refused.tryEmitEmpty();
            }
        });
        await(refused.asMono());
        TestDatabase database = TestDatabase.in(directory);
        await(((Closeable) database.factory()).close());
        StepVerifier.create(database.factory().create())
                .expectErrorSatisfies(error -> assertThat(error).hasMessageContaining("is closed"))
                .verify(PATIENCE);
    }

    @Test
    void threadsAreRealUnderVirtualTime() {
        StepVerifier.withVirtualTime(() -> {
                    Workers workers = new Workers(1);
                    Sinks.One<String> name = Sinks.one();
                    workers.enqueue(new Workers.Waiter() {
                        @Override
                        public boolean accept(Workers.Worker worker) {
                            worker.execute(() ->
                                    name.tryEmitValue(Thread.currentThread().getName()));
                            return true;
                        }

                        @Override
                        public void refuse() {
                            name.tryEmitEmpty();
                        }
                    });
                    return name.asMono();
                })
                .assertNext(name -> assertThat(name).startsWith("switchboard-jdbc-"))
                .expectComplete()
                .verify(PATIENCE);
    }
}
