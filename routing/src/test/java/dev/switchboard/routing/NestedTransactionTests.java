package dev.switchboard.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.TransactionStateException;
import dev.switchboard.databases.Product;
import io.r2dbc.proxy.ProxyConnectionFactory;
import io.r2dbc.proxy.core.MethodExecutionInfo;
import io.r2dbc.proxy.core.QueryExecutionInfo;
import io.r2dbc.proxy.listener.ProxyExecutionListener;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;

class NestedTransactionTests extends TransactionsOnEveryProduct {

    private static final TransactionOptions NESTED =
            TransactionOptions.defaults().withPropagation(Propagation.NESTED);

    @Test
    void aNestedTransactionRollsBackToItsSavepoint() {
        Mono<Long> work = fleet.write(1)
                .then(db.inTransaction(fleet.write(2).then(failing()), NESTED).onErrorResume(error -> Mono.just(0L)))
                .then(db.inTransaction(fleet.write(3), NESTED))
                .then(fleet.write(4));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3, 4);
    }

    @Test
    void aNestedTransactionRecoversFromAnErrorOfTheDatabase() {
        Mono<Long> work = fleet.write(1)
                .then(db.inTransaction(fleet.write(1), NESTED).onErrorResume(error -> Mono.just(0L)))
                .then(fleet.write(2));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2);
    }

    @Test
    void anErrorThatIsSwallowedInsideANestedTransactionDoesNotPoisonTheOuterOne() {
        Mono<Long> swallowing = db.inTransaction(
                        fleet.write(2).then(fleet.write(1)).onErrorResume(error -> Mono.just(0L)), NESTED)
                .onErrorResume(error -> Mono.just(0L));

        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(swallowing).then(fleet.write(3)))))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        // PostgreSQL cannot go on after an error, so all of the nested transaction is undone
        assertThat(fleet.notesIn("a")).isEqualTo(product == Product.POSTGRESQL ? List.of(1, 3) : List.of(1, 2, 3));
    }

    @Test
    void aNestedTransactionInsideANestedOneRollsBackAlone() {
        Mono<Long> innermost =
                db.inTransaction(fleet.write(3).then(failing()), NESTED).onErrorResume(error -> Mono.just(0L));
        Mono<Long> work = fleet.write(1)
                .then(db.inTransaction(fleet.write(2).then(innermost).then(fleet.write(4)), NESTED));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 2, 4);
    }

    @Test
    void aNestedTransactionWithoutAnOuterOneIsATransaction() {
        StepVerifier.create(onA(db.inTransaction(fleet.write(1).then(failing()), NESTED)))
                .expectErrorMessage("planned")
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void whatFollowsACancelledNestedTransactionIsNotUndoneByIt() {
        Mono<Long> impatient = db.inTransaction(fleet.write(2).then(Mono.<Long>never()), NESTED)
                .timeout(Duration.ofMillis(200))
                .onErrorResume(error -> fleet.write(3));
        Mono<Long> work = fleet.write(1).then(impatient).then(fleet.write(4));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(fleet.notesIn("a")).containsExactly(1, 3, 4);
    }

    @Test
    void nestedTransactionsAtOnceAreRefused() {
        Mono<Void> work = Mono.when(
                db.inTransaction(fleet.write(1).then(Mono.never()), NESTED), db.inTransaction(fleet.write(2), NESTED));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
        fleet.awaitRest();
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aNestedTransactionThatIsCancelledAtAnyMomentWedgesNothing() {
        for (int i = 0; i < 40; i++) {
            Mono<Long> late = Mono.delay(Duration.ofNanos(i * 100_000L)).then(db.inTransaction(fleet.write(2), NESTED));
            Mono<Void> work = Mono.when(db.inTransaction(fleet.write(1).then(Mono.never()), NESTED), late);

            StepVerifier.create(onA(db.inTransaction(work)))
                    .expectError(TransactionStateException.class)
                    .verify(PATIENCE);
            fleet.awaitRest();
            assertThat(fleet.inUse()).isZero();
        }
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void aStatementBesideAnOpenNestedTransactionIsRefused() {
        Mono<Void> work = Mono.when(db.inTransaction(fleet.write(1).then(Mono.never()), NESTED), fleet.write(2));

        StepVerifier.create(onA(db.inTransaction(work)))
                .expectError(TransactionStateException.class)
                .verify(PATIENCE);
    }

    @Test
    void aNestedTransactionKnowsHowTheOutermostBegan() {
        TransactionOptions serializable = TransactionOptions.defaults().withIsolationLevel(IsolationLevel.SERIALIZABLE);
        Mono<Long> innermost = db.inTransaction(fleet.write(2), serializable);

        StepVerifier.create(onA(db.inTransaction(db.inTransaction(innermost, NESTED), serializable)))
                .expectNext(1L)
                .expectComplete()
                .verify(PATIENCE);
    }

    @Test
    void aNestedTransactionThatIsCancelledWhileItEndsIsNotCommittedWithTheOuterOne() {
        Sinks.Empty<Void> ending = Sinks.empty();
        ProxyExecutionListener listener = new ProxyExecutionListener() {
            @Override
            public void beforeMethod(MethodExecutionInfo call) {
                if (call.getMethod().getName().equals("releaseSavepoint")) {
                    ending.tryEmitEmpty();
                }
            }

            @Override
            public void beforeQuery(QueryExecutionInfo query) {
                if (query.getQueries().get(0).getQuery().startsWith("RELEASE")) {
                    ending.tryEmitEmpty();
                }
            }
        };
        ConnectionFactory proxied = ProxyConnectionFactory.builder(
                        ConnectionFactories.get(fleet.databaseOf("a").url()))
                .listener(listener)
                .build();
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create().register(ConnectionDefinition.of("a", proxied));
        SqlClient watched = SqlClient.over(RoutingConnectionFactory.over(registry));
        Mono<Long> write =
                watched.sql("INSERT INTO note (id, body) VALUES (1, 'one')").rowsUpdated();
        Mono<Long> nested = watched.inTransaction(write, NESTED).takeUntilOther(ending.asMono());

        StepVerifier.create(onA(watched.inTransaction(nested.thenReturn(1L))))
                .expectError(RollbackOnlyException.class)
                .verify(PATIENCE);
        registry.close().block(PATIENCE);
        assertThat(fleet.notesIn("a")).isEmpty();
    }
}
