package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Names and definitions; no database is needed, since nothing here opens one. */
class RegistryNamesTests {

    private static final String ORDERS = "r2dbc:postgresql://app:hush@db1.example:5433/orders";

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @Test
    void aRegisteredNameIsKnownAtOnceAndOpensNothing() {
        registry.register("orders", ORDERS);
        assertThat(registry.contains("orders")).isTrue();
        assertThat(registry.names()).containsExactly("orders");
        assertThat(registry.product("orders")).isEqualTo("PostgreSQL");
        assertThat(registry.status("orders"))
                .isEqualTo(new ConnectionStatus(
                        "orders",
                        "PostgreSQL",
                        "db1.example:5433",
                        false,
                        new PoolCounts(0, 0, 0, 0, 10),
                        Duration.ofSeconds(30)));
        assertThat(registry.status()).isEmpty();
    }

    @Test
    void aSecondDefinitionUnderANameIsRefusedAndTheFirstStays() {
        registry.register("orders", ORDERS);
        assertThatExceptionOfType(DuplicateConnectionException.class)
                .isThrownBy(() -> registry.register("orders", "r2dbc:mysql://db2.example/orders"))
                .withMessageContaining("'orders'")
                .withMessageContaining("replace");
        assertThat(registry.registerIfAbsent(ConnectionDefinition.of("orders", "r2dbc:mysql://db2.example/orders")))
                .isFalse();
        assertThat(registry.product("orders")).isEqualTo("PostgreSQL");
        assertThat(registry.registerIfAbsent(ConnectionDefinition.of("billing", ORDERS)))
                .isTrue();
        assertThat(registry.names()).containsExactly("billing", "orders");
    }

    @Test
    void anUnknownNameIsAnErrorThatNamesWhatLooksLikeIt() {
        registry.register("orders", ORDERS).register("billing", ORDERS);
        assertThatExceptionOfType(UnknownConnectionException.class)
                .isThrownBy(() -> registry.status("order"))
                .withMessageContaining("'order'")
                .withMessageContaining("'orders'")
                .satisfies(unknown -> assertThat(unknown.nearMisses()).containsExactly("orders"));
        StepVerifier.create(Borrowing.borrow(registry, "bilinng"))
                .verifyErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(UnknownConnectionException.class)
                        .hasMessageContaining("'billing'"));
        StepVerifier.create(registry.replace(ConnectionDefinition.of("order", ORDERS)))
                .verifyError(UnknownConnectionException.class);
        StepVerifier.create(registry.unregister("order")).verifyError(UnknownConnectionException.class);
        StepVerifier.create(registry.dispose("order")).verifyError(UnknownConnectionException.class);
        StepVerifier.create(registry.recreate("order")).verifyError(UnknownConnectionException.class);
    }

    @Test
    void anUnlistedNameIsNeitherListedNorNamedAsANearMiss() {
        registry.register(ConnectionDefinition.of("tenant_acme", ORDERS).unlisted());
        assertThat(registry.names()).isEmpty();
        assertThat(registry.contains("tenant_acme")).isTrue();
        assertThat(registry.product("tenant_acme")).isEqualTo("PostgreSQL");
        assertThatExceptionOfType(UnknownConnectionException.class)
                .isThrownBy(() -> registry.product("tenant_acm"))
                .satisfies(unknown -> assertThat(unknown.nearMisses()).isEmpty())
                .withMessageNotContaining("tenant_acme");
    }

    @Test
    void thereIsNoDefaultUnlessOneIsSet() {
        registry.register("orders", ORDERS);
        assertThat(registry.defaultConnection()).isNull();
        registry.defaultConnection("orders");
        assertThat(registry.defaultConnection()).isEqualTo("orders");
        assertThatExceptionOfType(UnknownConnectionException.class)
                .isThrownBy(() -> registry.defaultConnection("order"));
        assertThat(registry.defaultConnection()).isEqualTo("orders");
        assertThat(registry.noDefaultConnection().defaultConnection()).isNull();
    }

    @Test
    void theDefaultIsNotUnregisteredBeforeAnotherOneIsSet() {
        registry.register("orders", ORDERS).register("billing", ORDERS).defaultConnection("orders");
        StepVerifier.create(registry.unregister("orders"))
                .verifyErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(DefaultConnectionException.class)
                        .hasMessageContaining("'orders'"));
        assertThat(registry.contains("orders")).isTrue();
        registry.defaultConnection("billing");
        StepVerifier.create(registry.unregister("orders")).verifyComplete();
        assertThat(registry.names()).containsExactly("billing");
    }

    @Test
    void nothingHappensBeforeSubscription() {
        registry.register("orders", ORDERS);
        Mono<Void> unregistered = registry.unregister("orders");
        Mono<Void> replaced = registry.replace(ConnectionDefinition.of("orders", "r2dbc:mysql://db2.example/orders"));
        Mono<Void> closed = registry.close();
        assertThat(registry.product("orders")).isEqualTo("PostgreSQL");
        StepVerifier.create(replaced).verifyComplete();
        assertThat(registry.product("orders")).isEqualTo("MySQL");
        StepVerifier.create(unregistered).verifyComplete();
        assertThat(registry.names()).isEmpty();
        StepVerifier.create(closed).verifyComplete();
    }

    @Test
    void anUnregisteredNameMayBeRegisteredAgain() {
        registry.register("orders", ORDERS);
        StepVerifier.create(registry.unregister("orders")).verifyComplete();
        StepVerifier.create(registry.unregister("orders")).verifyError(UnknownConnectionException.class);
        registry.register("orders", "r2dbc:mysql://db2.example/orders");
        assertThat(registry.product("orders")).isEqualTo("MySQL");
    }

    @Test
    void aClosedRegistryRefusesEverythingInWords() {
        registry.register("orders", ORDERS).defaultConnection("orders");
        StepVerifier.create(registry.close()).verifyComplete();
        StepVerifier.create(registry.close()).verifyComplete();
        assertThat(registry.names()).isEmpty();
        assertThat(registry.defaultConnection()).isNull();
        assertThatExceptionOfType(RegistryClosedException.class)
                .isThrownBy(() -> registry.register("billing", ORDERS))
                .withMessageContaining("closed");
        assertThatExceptionOfType(RegistryClosedException.class).isThrownBy(() -> registry.status("orders"));
        assertThatExceptionOfType(RegistryClosedException.class).isThrownBy(() -> registry.defaultConnection("orders"));
        StepVerifier.create(Borrowing.borrow(registry, "orders")).verifyError(RegistryClosedException.class);
        StepVerifier.create(registry.unregister("orders")).verifyError(RegistryClosedException.class);
    }

    @Test
    void aMissingDriverIsNamedWithTheArtifactThatHasIt() {
        registry.register("legacy", "r2dbc:oracle://db3.example/legacy");
        StepVerifier.create(Borrowing.borrow(registry, "legacy"))
                .verifyErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(DriverNotFoundException.class)
                        .hasMessageContaining("com.oracle.database.r2dbc:oracle-r2dbc"));
        StepVerifier.create(Borrowing.borrow(registry, "legacy")).verifyError(DriverNotFoundException.class);
        StepVerifier.create(registry.close()).verifyComplete();
    }
}
