package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A password is changed while queries run: none of them notices. */
@Tag("once")
class CredentialRotationTests {

    private static final int BORROWERS = 12;
    private static final int CONNECTIONS = 4;

    private final AtomicReference<String> vault = new AtomicReference<>("hush-first");
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final Set<UUID> used = ConcurrentHashMap.newKeySet();
    private final AtomicLong queries = new AtomicLong();
    private final Sinks.Empty<Void> enough = Sinks.empty();

    /** The shared PostgreSQL lets everybody in without a password unless its rules say otherwise. */
    private static DatabaseServer postgresql(Path folder) throws IOException {
        Path rules = Files.writeString(folder.resolve("pg_hba.conf"), """
                host all rotated 127.0.0.1/32 scram-sha-256
                host all all 127.0.0.1/32 trust
                """);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(rules, PosixFilePermissions.fromString("rw-r--r--"));
        return Databases.startServer(Product.POSTGRESQL, "hba_file=" + rules);
    }

    private static void create(DatabaseServer server, Database database) {
        if (server.product() == Product.POSTGRESQL) {
            server.execute("CREATE ROLE rotated LOGIN PASSWORD 'hush-first'");
        } else {
            server.execute("CREATE USER rotated IDENTIFIED "
                    + (server.product() == Product.MYSQL ? "WITH mysql_native_password " : "") + "BY 'hush-first'");
            server.execute("GRANT SELECT ON " + database.name() + ".* TO rotated");
        }
    }

    private static String rotation(Product product) {
        return product == Product.POSTGRESQL
                ? "ALTER ROLE rotated PASSWORD 'hush-second'"
                : "ALTER USER rotated IDENTIFIED " + (product == Product.MYSQL ? "WITH mysql_native_password " : "")
                        + "BY 'hush-second'";
    }

    private Mono<Object> query() {
        return Mono.usingWhen(
                registry.connectionFactory("orders").create(),
                connection -> Borrowing.one(connection, "SELECT 1").doOnNext(row -> {
                    queries.incrementAndGet();
                    ConnectionInfo info = registry.connections().info(connection);
                    used.add(info == null ? new UUID(0, 0) : info.id());
                }),
                Connection::close);
    }

    /** Queries without a pause until there were enough of them. */
    private Mono<Void> load() {
        return Flux.range(0, BORROWERS)
                .flatMap(i -> Mono.defer(this::query).repeat().takeUntilOther(enough.asMono()), BORROWERS)
                .then();
    }

    private void untilQueries(long more) {
        long wanted = queries.get() + more;
        Waiting.until("more queries", () -> queries.get() >= wanted);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noQueryFailsAndNoOldConnectionIsLeft(boolean byReplacement, @TempDir Path folder) throws IOException {
        try (DatabaseServer server = postgresql(folder)) {
            rotated(server, byReplacement);
        }
    }

    @ParameterizedTest
    @CsvSource({"MYSQL, false", "MYSQL, true", "MARIADB, false", "MARIADB, true"})
    void thatHoldsOnTheOtherServers(Product product, boolean byReplacement) {
        DatabaseServer server = Databases.server(product);
        try {
            rotated(server, byReplacement);
        } finally {
            server.execute("DROP USER IF EXISTS rotated");
        }
    }

    private void rotated(DatabaseServer server, boolean byReplacement) {
        try (Database database = server.createDatabase()) {
            create(server, database);
            ConnectionDefinition orders = ConnectionDefinition.of("orders", database.url())
                    .withUser("rotated")
                    .withPassword(() -> Mono.fromSupplier(vault::get))
                    .withPool(pool -> pool.maxSize(CONNECTIONS).minIdle(CONNECTIONS));
            registry.register(orders);
            registry.initialize("orders").block(Borrowing.PATIENCE);
            Mono<Void> running = load().cache();
            Mono<Void> rotated = Mono.fromRunnable(() -> {
                        untilQueries(200);
                        Set<UUID> old = Set.copyOf(used);
                        assertThat(old).isNotEmpty();
                        server.execute(rotation(server.product()));
                        vault.set("hush-second");
                        if (byReplacement) {
                            registry.replace(orders.withPassword(() -> Mono.fromSupplier(vault::get)))
                                    .block(Borrowing.PATIENCE);
                        } else {
                            registry.connections().softInvalidate("orders").block(Borrowing.PATIENCE);
                        }
                        // Each borrower is past the query that it had then.
                        untilQueries(200);
                        used.clear();
                        untilQueries(200);
                        assertThat(used).isNotEmpty().doesNotContainAnyElementsOf(old);
                        enough.tryEmitEmpty();
                    })
                    .subscribeOn(Schedulers.boundedElastic())
                    .then();
            StepVerifier.create(Mono.when(running, rotated))
                    .expectComplete()
                    .verify(Borrowing.PATIENCE.multipliedBy(2));
            // The last borrowers were cancelled: their connections come back behind them.
            registry.quiescent().block(Borrowing.PATIENCE);
            assertThat(registry.status("orders").counts().inUse()).isZero();
            Borrowing.close(registry);
        }
    }
}
