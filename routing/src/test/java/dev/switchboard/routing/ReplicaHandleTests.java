package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readYourWrites;
import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.core.SwitchboardConnection;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** What a connection that is kept for more than one statement may still do, on databases that copy nothing. */
@Tag("once")
class ReplicaHandleTests extends ReplicaGroups {

    private Mono<Void> run(SwitchboardConnection handle, String sql, RoutingHint... hints) {
        Mono<Void> run = Flux.from(handle.createStatement(sql).execute())
                .concatMap(result -> result.getRowsUpdated())
                .then();
        for (RoutingHint hint : hints) {
            run = run.contextWrite(hint);
        }
        return run.contextWrite(ORDERS);
    }

    private void tables() {
        for (String name : List.of("p", "r1", "r2")) {
            db.sql("CREATE TABLE t (id INTEGER)")
                    .rowsUpdated()
                    .contextWrite(usingConnection(name))
                    .block(PATIENCE);
        }
    }

    @Test
    void aHandleThatAReadOnlyTransactionLedToAReplicaWritesNothingThereAfterwards() {
        group(builder -> builder);
        tables();
        SwitchboardConnection handle =
                RoutingConnectionFactory.over(registry, replicas).open(ORDERS.apply(Context.empty()));
        TransactionOptions reading = TransactionOptions.defaults().withReadOnly(true);
        handle.beginTransaction(reading)
                .then(run(handle, "SELECT id FROM t"))
                .then(handle.commitTransaction())
                .block(PATIENCE);
        StepVerifier.create(run(handle, "INSERT INTO t VALUES (1)"))
                .expectErrorMessage(
                        "Connection 'r1' holds the route for reading, where a read-only transaction has led it, and a"
                                + " statement that may write was asked for inside. The transaction has ended and the connection stays"
                                + " where it is. Give what writes a connection of its own, or mark what only reads with readOnly().")
                .verify(PATIENCE);
        StepVerifier.create(run(handle, "SELECT id FROM t", readOnly())).verifyComplete();
        handle.close().block(PATIENCE);
    }

    @Test
    void aHandleThatReadsForASessionIsHeldToWhatTheSessionHasWrittenSince() {
        group(builder -> builder.writeWindow(Duration.ofMinutes(1)));
        tables();
        SessionToken token = SessionToken.create();
        SwitchboardConnection handle = RoutingConnectionFactory.over(registry, replicas)
                .open(readYourWrites(token).apply(readOnly().apply(ORDERS.apply(Context.empty()))));
        run(handle, "SELECT id FROM t").block(PATIENCE);
        run(handle, "SELECT id FROM t").block(PATIENCE);
        db.sql("INSERT INTO t VALUES (1)")
                .rowsUpdated()
                .contextWrite(readYourWrites(token))
                .contextWrite(ORDERS)
                .block(PATIENCE);
        StepVerifier.create(run(handle, "SELECT id FROM t"))
                .expectErrorMessage(
                        "Connection 'r1' holds the route of a read before the session's last write, and a read that"
                                + " must see that write was asked for inside. A connection is chosen once. Ask for another one, which"
                                + " will be fresh enough.")
                .verify(PATIENCE);
        time.advanceTimeBy(Duration.ofMinutes(2));
        StepVerifier.create(run(handle, "SELECT id FROM t"))
                .as("it is everywhere by now")
                .verifyComplete();
        handle.close().block(PATIENCE);
    }

    @Test
    void aDriverOfItsOwnCountsAsAWrite() {
        group(builder -> builder);
        tables();
        SessionToken token = SessionToken.create();
        SwitchboardConnection handle = RoutingConnectionFactory.over(registry, replicas)
                .open(readYourWrites(token).apply(ORDERS.apply(Context.empty())));
        handle.unwrapped(Connection.class).block(PATIENCE);
        assertThat(token.need("orders")).isEqualTo(SessionToken.Need.PRIMARY);
        handle.close().block(PATIENCE);
        assertThat(token.need("orders").position()).isInstanceOf(WrittenAt.class);
    }
}
