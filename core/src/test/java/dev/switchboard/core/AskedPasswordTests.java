package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

/** A password that is asked for at each physical connect. */
@Tag("once")
class AskedPasswordTests {

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void closeEverything() {
        Borrowing.close(registry);
    }

    private static void identify(DatabaseServer server, String words, String password) {
        String plugin =
                server.product() == Product.MYSQL ? " IDENTIFIED WITH mysql_native_password BY '" : " IDENTIFIED BY '";
        server.execute(words + " rotated" + (server.product() == Product.POSTGRESQL ? " PASSWORD '" : plugin) + password
                + "'");
    }

    /** PostgreSQL lets this user in without a password unless its rules say otherwise. */
    private static DatabaseServer server(Product product, Path folder) throws IOException {
        if (product != Product.POSTGRESQL) {
            return Databases.startServer(product);
        }
        Path rules = Files.writeString(folder.resolve("pg_hba.conf"), """
                host all rotated 127.0.0.1/32 scram-sha-256
                host all all 127.0.0.1/32 trust
                """);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(rules, PosixFilePermissions.fromString("rw-r--r--"));
        return Databases.startServer(product, "hba_file=" + rules);
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB"})
    void aRotatedPasswordIsTakenByTheNextConnectionWhileOpenOnesWorkOn(Product product, @TempDir Path folder)
            throws IOException {
        AtomicReference<String> vault = new AtomicReference<>("hush-first");
        AtomicInteger asked = new AtomicInteger();
        try (DatabaseServer server = server(product, folder);
                Database database = server.createDatabase()) {
            identify(server, product == Product.POSTGRESQL ? "CREATE ROLE" : "CREATE USER", vault.get());
            server.execute(
                    product == Product.POSTGRESQL
                            ? "ALTER ROLE rotated LOGIN"
                            : "GRANT ALL ON " + database.name() + ".* TO rotated");
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withUser("rotated")
                    .withPassword(() -> Mono.fromSupplier(() -> {
                        asked.incrementAndGet();
                        return vault.get();
                    }))
                    .withPool(Borrowing::quick));
            assertThat(asked).as("asked before anything is opened").hasValue(0);
            Connection before = Borrowing.borrowed(registry, "orders");
            assertThat(asked).hasValue(1);

            identify(server, product == Product.POSTGRESQL ? "ALTER ROLE" : "ALTER USER", "hush-second");
            StepVerifier.create(Borrowing.borrow(registry, "orders"))
                    .expectError(AuthenticationRefusedException.class)
                    .verify(Borrowing.PATIENCE);
            vault.set("hush-second");
            Connection after = Borrowing.borrowed(registry, "orders");
            assertThat(asked).hasValue(3);
            assertThat(Borrowing.one(before, "SELECT 1").block(Borrowing.PATIENCE))
                    .hasToString("1");
            Borrowing.close(List.of(before, after));
            assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                    .hasToString("1");
            assertThat(asked).as("an open connection is not asked for again").hasValue(3);
            registry.unregister("orders").block(Borrowing.PATIENCE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "MYSQL", "MARIADB", "H2"})
    void thePasswordMayComeLateAndFromAnyThread(Product product) {
        try (Database database = Databases.create(product)) {
            String password =
                    product == Product.H2 ? "" : Databases.server(product).password();
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPassword(() -> Mono.just(new StringBuilder(password)).publishOn(Schedulers.parallel()))
                    .withPool(Borrowing::quick));
            assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                    .hasToString("1");
        }
    }

    private void answers(Supplier<Publisher<String>> supplier, Class<? extends Throwable> cause) {
        registry.register(ConnectionDefinition.ofDriver("orders", "postgresql")
                .withHost("no-such-host.invalid")
                .withUser("app")
                .withPassword(supplier)
                .withPool(pool -> Borrowing.quick(pool).createTimeout(Duration.ofMillis(300))));
        StepVerifier.create(Borrowing.query(registry, "orders", "SELECT 1"))
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(PasswordUnavailableException.class)
                            .hasMessage("Connection 'orders': its password supplier gave no password ("
                                    + cause.getSimpleName()
                                    + "). It has to give one text within the createTimeout of its"
                                    + " PoolOptions; the cause says what it did instead.");
                    assertThat(failure.getCause()).isInstanceOf(cause);
                })
                .verify(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts()).isEqualTo(new PoolCounts(0, 0, 0, 0, 2));
        registry.quiescent().block(Borrowing.PATIENCE);
    }

    @Test
    void aSupplierThatFailsIsNamed() {
        answers(() -> Mono.error(new IllegalAccessException("the vault is sealed")), IllegalAccessException.class);
    }

    @Test
    void aSupplierThatThrowsIsNamed() {
        answers(
                () -> {
                    throw new IllegalStateException("no vault");
                },
                IllegalStateException.class);
    }

    @Test
    void aSupplierThatGivesNothingIsNamed() {
        answers(Mono::empty, NoSuchElementException.class);
    }

    @Test
    void aSupplierThatNeverAnswersEndsWithTheCreateTimeoutAndIsCancelled() {
        Sinks.Empty<Void> cancelled = Sinks.empty();
        answers(() -> Mono.<String>never().doOnCancel(cancelled::tryEmitEmpty), TimeoutException.class);
        StepVerifier.create(cancelled.asMono()).expectComplete().verify(Borrowing.PATIENCE);
    }

    @Test
    void onlyTheFirstTextCountsAndTheRestIsNotWaitedFor() {
        try (Database database = Databases.create(Product.POSTGRESQL)) {
            String password = Databases.server(Product.POSTGRESQL).password();
            registry.register(ConnectionDefinition.of("orders", database.url())
                    .withPassword(() -> Flux.just(password, "hush-more").concatWith(Flux.never()))
                    .withPool(Borrowing::quick));
            assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                    .hasToString("1");
        }
    }

    @Test
    void sqliteHasNoPassword() {
        ConnectionDefinition definition =
                ConnectionDefinition.of("audit", "r2dbc:sqlite:///x.db").withPassword(() -> Mono.just("hush"));
        assertThatThrownBy(definition::open)
                .isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage(
                        "Connection 'audit': SQLite does not support a password and would ignore it. Leave it out; the"
                                + " file's own rights protect it.");
    }

    @Test
    void whatTheDriverRefusesIsRefusedBeforeThePasswordIsAsked() {
        AtomicInteger asked = new AtomicInteger();
        ConnectionDefinition definition = ConnectionDefinition.of("orders", "r2dbc:mysql://app@db/x?sslMode=perhaps")
                .withPassword(() -> Mono.fromSupplier(() -> "hush" + asked.incrementAndGet()));
        assertThatThrownBy(definition::open)
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessageContaining("refused its options");
        assertThat(asked).hasValue(0);
    }

    @Test
    void definitionsAreEqualWhenTheyHaveTheSameSupplier() {
        Supplier<Mono<String>> supplier = () -> Mono.just("hush");
        ConnectionDefinition definition = ConnectionDefinition.of("orders", "r2dbc:postgresql://app@db/x");
        ConnectionDefinition asking = definition.withPassword(supplier);
        assertThat(asking)
                .isEqualTo(definition.withPassword(supplier))
                .hasSameHashCodeAs(definition.withPassword(supplier))
                .isNotEqualTo(definition.withPassword(() -> Mono.just("hush")))
                .isNotEqualTo(definition)
                .isEqualTo(asking.withDatabase("y").withDatabase("x"));
        assertThat(asking.withPassword("hush")).isEqualTo(definition.withPassword("hush"));
    }

    @Test
    void nothingOfThePasswordIsShown() {
        ConnectionDefinition definition =
                ConnectionDefinition.of("orders", "r2dbc:postgresql://app@db/x").withPassword(() -> Mono.just("hush"));
        ConnectionFactoryOptions options = definition.options();
        assertThat(definition.toString()).doesNotContain("hush", "Lambda", "password");
        assertThat(options).isNotNull();
        assertThat(String.valueOf(options)).doesNotContain("hush", "Lambda");
        assertThat(definition.open()).hasToString("ConnectionFactory[PostgreSQL, password asked for]");
    }
}
