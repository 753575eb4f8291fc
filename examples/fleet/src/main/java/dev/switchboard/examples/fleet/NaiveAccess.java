package dev.switchboard.examples.fleet;

import io.r2dbc.pool.ConnectionPool;
import io.r2dbc.pool.ConnectionPoolConfiguration;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.springframework.r2dbc.connection.lookup.AbstractRoutingConnectionFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What is usual: a pool for each database, behind Spring's router. Each pool is modest; nobody counts all of them. */
final class NaiveAccess implements Access {

    private static final String CHOSEN = "shard";

    private final Map<String, ConnectionPool> pools = new ConcurrentHashMap<>();
    private final Router router = new Router();
    private final Waits waits;
    private final String question;

    NaiveAccess(Waits waits, String question) {
        this.waits = waits;
        this.question = question;
    }

    /** Spring's router asks which one is meant. */
    private static final class Router extends AbstractRoutingConnectionFactory {

        @Override
        protected Mono<Object> determineCurrentLookupKey() {
            return Mono.deferContextual(context -> Mono.just(context.get(CHOSEN)));
        }
    }

    @Override
    public void add(Shard shard) {
        ConnectionPoolConfiguration configuration = ConnectionPoolConfiguration.builder(
                        ConnectionFactories.get(shard.url()))
                .initialSize(0)
                .maxSize(20)
                .maxAcquireTime(Duration.ofSeconds(5))
                .build();
        pools.put(shard.name(), new ConnectionPool(configuration));
        // The router knows what it was told; a new database means to tell it everything again.
        router.setTargetConnectionFactories(pools);
        router.afterPropertiesSet();
    }

    @Override
    public Mono<String> ask(Shard shard) {
        return Mono.usingWhen(connection(shard), this::ask, Connection::close)
                .contextWrite(context -> context.put(CHOSEN, shard.name()));
    }

    private Mono<Connection> connection(Shard shard) {
        return Mono.defer(() -> {
            long since = System.nanoTime();
            return Mono.<Connection>from(router.create())
                    .doOnSuccess(got ->
                            waits.waited(shard.server(), TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - since)));
        });
    }

    private Mono<String> ask(Connection connection) {
        return Flux.from(connection.createStatement(question).execute())
                .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))))
                .next();
    }

    @Override
    public void close() {
        Flux.fromIterable(pools.values())
                .flatMap(pool -> pool.disposeLater().onErrorComplete())
                .blockLast(Duration.ofSeconds(60));
    }
}
