package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.TransactionDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Waiting for the one writer of a file: within limits, gone without a trace, and while its name changes. */
class OneWriterLifeTests extends OneWriterFile {

    @Test
    void whoWaitsForTheWriterInVainHearsWhatHoldsIt() {
        again(file(4, pool -> pool.acquireTimeout(Duration.ofMillis(100))));
        Connection holder = writing();
        StepVerifier.create(write(insert(2)))
                .expectErrorSatisfies(late -> {
                    assertThat(late)
                            .isInstanceOf(AcquireTimeoutException.class)
                            .hasMessageContaining("transaction 'nightly'")
                            .hasMessageNotContaining("hunter2");
                    assertThat((Duration) ((SwitchboardError) late).facts().get("heldFor"))
                            .isGreaterThanOrEqualTo(Duration.ofMillis(90));
                })
                .verify(LONG);
        assertThat(counts()).isEqualTo(new PoolCounts(1, 0, 0, 0, 4));
        Borrowing.close(holder);
        assertThat(rows()).isEqualTo(0);
    }

    @Test
    void theLockWaitTimeoutBoundsTheWaitForTheWriterAndNotTheWayToAFreeOne() {
        Connection holder = writing();
        Duration brief = Duration.ofMillis(40);
        Connection impatient = handle();
        run(impatient.setLockWaitTimeout(brief));
        Connection definite = handle();
        run(definite.beginTransaction(attribute(TransactionDefinition.LOCK_WAIT_TIMEOUT, brief)));
        for (Connection waiter : List.of(impatient, definite)) {
            StepVerifier.create(Borrowing.update(waiter, insert(1)))
                    .expectErrorSatisfies(late -> assertThat(((AcquireTimeoutException) late).waited())
                            .isEqualTo(brief))
                    .verify(LONG);
        }
        Borrowing.close(holder);
        run(impatient.setLockWaitTimeout(Duration.ZERO));
        registry.dispose("file").block(LONG);
        assertThat(Borrowing.update(impatient, insert(1)).block(LONG)).isEqualTo(1);
        Borrowing.close(List.of(impatient, definite));
    }

    @Test
    void theLockTimeoutOfTheDefinitionBoundsItToo() {
        Duration brief = Duration.ofMillis(40);
        again(file(4, pool -> pool).withSettings(settings -> settings.lockTimeout(brief)));
        Connection holder = writing();
        StepVerifier.create(write(insert(1)))
                .expectErrorSatisfies(late ->
                        assertThat(((AcquireTimeoutException) late).waited()).isEqualTo(brief))
                .verify(LONG);
        Borrowing.close(holder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO t VALUES (1)", "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one"})
    void whoLeavesWhileWaitingForTheWriterLeavesNothingBehind(String sql) {
        Connection holder = writing();
        Connection leaving = handle();
        assertThat(onlyQueries(leaving)).isEqualTo(1);
        Disposable waiting = Borrowing.update(leaving, sql).subscribe();
        awaitWaiting(1);
        assertThat(counts().inUse()).isEqualTo(1);
        waiting.dispose();
        awaitWaiting(0);
        assertThat(onlyQueries(leaving)).isEqualTo(1);
        Borrowing.close(holder);
        assertThat(Borrowing.update(leaving, sql).block(LONG)).isEqualTo(1);
        Borrowing.close(leaving);
        registry.quiescent().block(LONG);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 4));
        assertThat(rows()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INSERT INTO t VALUES (1)", "WITH one AS (SELECT 1) INSERT INTO t SELECT * FROM one"})
    void aHandleThatClosesWhileItWaitsForTheWriterSaysSo(String sql) {
        Connection holder = writing();
        Connection closing = handle();
        StepVerifier.create(Borrowing.update(closing, sql))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> Borrowing.close(closing))
                .expectError(ConnectionReleasedException.class)
                .verify(LONG);
        awaitWaiting(0);
        Borrowing.close(holder);
        assertThat(rows()).isEqualTo(0);
    }

    @Test
    void whoWaitsForTheWriterMovesToTheNextDefinition() {
        Connection holder = writing();
        ConnectionDefinition next = file(3, pool -> pool.drainTimeout(Duration.ofSeconds(20)));
        StepVerifier.create(write(insert(2)))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> registry.replace(next).subscribe())
                .then(() -> Waiting.until("moved", () -> counts().equals(new PoolCounts(1, 0, 0, 0, 3))))
                .then(() -> run(holder.commitTransaction()))
                .expectNext(1L)
                .expectComplete()
                .verify(LONG);
        Borrowing.close(holder);
        assertThat(rows()).isEqualTo(2);
    }

    @Test
    void whoWaitsForTheWriterOfANameThatGoesHearsIt() {
        Connection holder = writing();
        StepVerifier.create(write(insert(2)))
                .expectSubscription()
                .then(() -> awaitWaiting(1))
                .then(() -> registry.unregister("file").subscribe())
                .expectError(ConnectionDrainingException.class)
                .verify(LONG);
        Borrowing.close(holder);
        registry.quiescent().block(LONG);
    }

    @Test
    void whatWaitsAheadAndWhatIsClosedIsCountedOverBoth() {
        again(file(4, pool -> pool.minIdle(3)));
        registry.initialize("file").block(LONG);
        assertThat(counts()).isEqualTo(new PoolCounts(0, 3, 0, 0, 4));
        Connection holder = writing();
        Waiting.until("two readers", () -> counts().equals(new PoolCounts(1, 2, 0, 0, 4)));
        Borrowing.close(holder);
        registry.recreate("file").block(LONG);
        assertThat(write(insert(1)).block(LONG)).isEqualTo(1);
        registry.dispose("file").block(LONG);
        assertThat(registry.status("file").open()).isFalse();
        assertThat(counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 4));
        assertThat(registry.pool("file").block(LONG).getMetrics().orElseThrow().getMaxAllocatedSize())
                .isEqualTo(1);
    }

    @Test
    void namesOfADirectoryAndOverridesHaveTheirOwnWriters() throws IOException {
        Object file = database.options().getRequiredValue(ConnectionFactoryOptions.DATABASE);
        Files.createFile(Path.of(file.toString()).resolveSibling("other.db"));
        RegistryOptions options = RegistryOptions.builder()
                .directory(name -> Mono.just(file(4, pool -> pool).withName(name)))
                .build();
        ReactiveConnectionRegistry directory = ReactiveConnectionRegistry.create(options);
        ConnectionOverride other = ConnectionOverrideTests.override(o -> o.database("other.db"));
        for (Route route : List.of(Route.to("found"), new Route("found", false, null, other))) {
            SwitchboardConnection handle = directory.connect(new Siblings.Fixed(route));
            assertThat(onlyQueries(handle)).isEqualTo(1);
            run(Borrowing.update(handle, "CREATE TABLE mine (v INTEGER)"));
            assertThat(onlyQueries(handle)).isEqualTo(0);
            Borrowing.close(handle);
        }
        assertThat(directory.status())
                .hasSize(2)
                .allSatisfy(status -> assertThat(status.counts()).isEqualTo(new PoolCounts(0, 2, 0, 0, 4)));
        Borrowing.close(directory);
    }
}
