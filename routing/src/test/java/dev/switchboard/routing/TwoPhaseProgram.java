package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Commits in two databases, eight transactions at a time, and says of each that it is done, until somebody kills it. */
final class TwoPhaseProgram {

    private static final int AT_ONCE = 8;

    private TwoPhaseProgram() {}

    /** The addresses of the two databases, and the first number to write. */
    public static void main(String[] arguments) {
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                .register(ConnectionDefinition.of("orders", arguments[0]))
                .register(ConnectionDefinition.of("billing", arguments[1]));
        RoutingConnectionFactory routed = RoutingConnectionFactory.over(registry);
        SqlClient db = SqlClient.over(routed);
        TransactionOptions options = TransactionOptions.defaults()
                .withPrepared(PreparedTransactions.builder(routed, "orders")
                        .owner("child")
                        .databases("orders", "billing")
                        .build());
        AtomicInteger number = new AtomicInteger(Integer.parseInt(arguments[2]));
        Flux.<Integer>generate(sink -> sink.next(number.incrementAndGet()))
                .flatMap(
                        id -> db.inTransaction(write(db, id, "orders").then(write(db, id, "billing")), options)
                                .thenReturn(id),
                        AT_ONCE)
                .doOnNext(id -> System.out.println("committed " + id))
                .blockLast();
    }

    private static Mono<Long> write(SqlClient db, int id, String name) {
        return db.sql("INSERT INTO note (id, body) VALUES (:id, 'of the child')")
                .bind("id", id)
                .rowsUpdated()
                .contextWrite(usingConnection(name));
    }
}
