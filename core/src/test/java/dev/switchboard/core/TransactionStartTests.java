package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Option;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.R2dbcTransientResourceException;
import io.r2dbc.spi.TransactionDefinition;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** How a transaction begins: late or at once, in vain, and with a limit for what it waits for locks. */
@Tag("once")
@ParameterizedClass
@EnumSource(Product.class)
class TransactionStartTests {

    private static final Set<Product> WITHOUT_LOCK_TIMEOUT = Set.of(Product.MARIADB, Product.H2);
    private static final String UPDATE = "UPDATE item SET name = 'changed' WHERE id = 1";

    private static Database database;
    private static CountingFactory driver;
    private static ReactiveConnectionRegistry registry;

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void open(Product product) {
        database = Databases.create(product);
        driver = new CountingFactory(database.url());
        registry = registry(RegistryOptions.defaults());
        Connection connection = Borrowing.borrowed(registry, "orders");
        Sql.run(connection, "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(40))")
                .block(Borrowing.PATIENCE);
        Borrowing.close(connection);
    }

    private static ReactiveConnectionRegistry registry(RegistryOptions options) {
        return ReactiveConnectionRegistry.create(options)
                .register(ConnectionDefinition.of("orders", driver).withPool(Borrowing::quick));
    }

    @AfterParameterizedClassInvocation
    static void close() {
        Borrowing.close(registry);
        Sessions.awaitNone(database);
        database.close();
    }

    @BeforeEach
    void oneItem() {
        Connection connection = Borrowing.borrowed(registry, "orders");
        Sql.run(connection, "DELETE FROM item", "INSERT INTO item VALUES (1, 'first')")
                .block(Borrowing.PATIENCE);
        Borrowing.close(connection);
    }

    @AfterEach
    void nothingIsLost() {
        driver.beginning(Mono.empty());
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts().inUse()).isZero();
        assertThat(Borrowing.usable(registry.connectionFactory("orders"), 2)).isEqualTo(2);
    }

    /** MySQL counts in seconds; all of them wait longer by themselves. */
    private Duration lockWait() {
        return Duration.ofMillis(product == Product.MYSQL ? 1_000 : 200);
    }

    private static SwitchboardConnection handle(ReactiveConnectionRegistry of) {
        return Mono.from(of.connectionFactory("orders").create())
                .cast(SwitchboardConnection.class)
                .blockOptional()
                .orElseThrow();
    }

    private static Object name() {
        return Borrowing.query(registry, "orders", "SELECT name FROM item WHERE id = 1")
                .blockOptional(Borrowing.PATIENCE)
                .orElseThrow();
    }

    private static void refuseToBegin() {
        driver.beginning(Mono.error(new R2dbcTransientResourceException("no transactions today")));
    }

    @Test
    void aRefusedBeginIsTheErrorOfTheFirstStatementAndNoneRunsWithoutIt() {
        int idle = registry.status("orders").counts().idle();
        SwitchboardConnection handle = handle(registry);
        refuseToBegin();
        handle.beginTransaction().block(Borrowing.PATIENCE);
        for (int attempt = 0; attempt < 2; attempt++) {
            StepVerifier.create(Sql.update(handle, UPDATE))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(R2dbcTransientResourceException.class)
                            .hasMessage("no transactions today"))
                    .verify(Borrowing.PATIENCE);
        }
        StepVerifier.create(handle.commitTransaction())
                .expectErrorMessage("no transactions today")
                .verify(Borrowing.PATIENCE);
        StepVerifier.create(handle.rollbackTransaction()).expectComplete().verify(Borrowing.PATIENCE);
        driver.beginning(Mono.empty());
        assertThatThrownBy(() -> Sql.update(handle, UPDATE).block(Borrowing.PATIENCE))
                .as("a connection that could not begin is not used again")
                .isInstanceOf(R2dbcException.class);
        Borrowing.close(handle);
        registry.quiescent().block(Borrowing.PATIENCE);
        assertThat(registry.status("orders").counts().idle())
                .as("it was closed")
                .isEqualTo(idle - 1);
        assertThat(name()).isEqualTo("first");
    }

    @Test
    void beginIsSentWithTheFirstStatement() {
        SwitchboardConnection handle = handle(registry);
        int begun = driver.begun();
        handle.beginTransaction().block(Borrowing.PATIENCE);
        assertThat(driver.begun()).isEqualTo(begun);
        assertThat(registry.status("orders").counts().inUse()).isZero();
        Sql.update(handle, UPDATE).block(Borrowing.PATIENCE);
        assertThat(driver.begun()).isEqualTo(begun + 1);
        handle.rollbackTransaction().block(Borrowing.PATIENCE);
        Borrowing.close(handle);
        assertThat(name()).isEqualTo("first");
    }

    @Test
    void anEagerBeginIsSentAtOnceAndFailsAtOnce() {
        ReactiveConnectionRegistry eager = registry(RegistryOptions.builder()
                .exchange(ExchangeOptions.builder().eagerBegin(true).build())
                .build());
        int begun = driver.begun();
        SwitchboardConnection handle = handle(eager);
        handle.beginTransaction().block(Borrowing.PATIENCE);
        assertThat(driver.begun()).isEqualTo(begun + 1);
        assertThat(eager.status("orders").counts().inUse()).isEqualTo(1);
        Sql.update(handle, UPDATE).block(Borrowing.PATIENCE);
        handle.rollbackTransaction().block(Borrowing.PATIENCE);
        assertThat(driver.begun()).as("once").isEqualTo(begun + 1);
        refuseToBegin();
        StepVerifier.create(handle.beginTransaction())
                .expectErrorMessage("no transactions today")
                .verify(Borrowing.PATIENCE);
        Borrowing.close(handle);
        Borrowing.close(eager);
        assertThat(name()).isEqualTo("first");
    }

    @Test
    void aTransactionWaitsForLocksNoLongerThanItsDefinitionSays() {
        SwitchboardConnection handle = handle(registry);
        String unlimited = product.isServer() ? lockTimeout(handle) : "";
        handle.beginTransaction(new LockWait(lockWait())).block(Borrowing.PATIENCE);
        waitsInVain(handle);
        handle.rollbackTransaction().block(Borrowing.PATIENCE);
        if (product == Product.POSTGRESQL || product == Product.MYSQL) {
            assertThat(lockTimeout(handle))
                    .as("the limit of a transaction ends with it")
                    .isEqualTo(unlimited);
        }
        Borrowing.close(handle);
        assertThat(name()).isEqualTo("first");
    }

    private String lockTimeout(SwitchboardConnection handle) {
        String sql = product == Product.POSTGRESQL
                ? "SELECT current_setting('lock_timeout')"
                : "SELECT @@innodb_lock_wait_timeout";
        return String.valueOf(Borrowing.one(handle, sql).block(Borrowing.PATIENCE));
    }

    @Test
    void aHandleWaitsForLocksNoLongerThanItWasSet() {
        SwitchboardConnection handle = handle(registry);
        handle.setLockWaitTimeout(lockWait()).block(Borrowing.PATIENCE);
        waitsInVain(handle);
        Borrowing.close(handle);
        assertThat(name()).isEqualTo("first");
    }

    /** Somebody else holds the row; where the driver knows no limit, the wish is refused before anything runs. */
    private void waitsInVain(SwitchboardConnection handle) {
        if (WITHOUT_LOCK_TIMEOUT.contains(product)) {
            StepVerifier.create(Sql.update(handle, UPDATE))
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(UnsupportedFeatureException.class)
                            .hasMessageContaining("lock wait time-out"))
                    .verify(Borrowing.PATIENCE);
            return;
        }
        Connection holder = Borrowing.borrowed(registry, "orders");
        Mono.from(holder.beginTransaction())
                .then(Sql.update(holder, "UPDATE item SET name = 'held' WHERE id = 1"))
                .block(Borrowing.PATIENCE);
        long started = System.nanoTime();
        StepVerifier.create(Sql.update(handle, UPDATE))
                .expectError(R2dbcException.class)
                .verify(Borrowing.PATIENCE);
        assertThat(Duration.ofNanos(System.nanoTime() - started))
                .isBetween(lockWait().minusMillis(50), lockWait().plusSeconds(3));
        Mono.from(holder.rollbackTransaction()).block(Borrowing.PATIENCE);
        Borrowing.close(holder);
    }

    /** A definition that only says how long to wait for locks. */
    private record LockWait(Duration limit) implements TransactionDefinition {

        @Override
        public <T> @Nullable T getAttribute(Option<T> option) {
            Object value = Map.<Option<?>, Object>of(LOCK_WAIT_TIMEOUT, limit).get(option);
            return value == null ? null : option.cast(value);
        }
    }
}
