package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Database;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.databases.Waiting;
import io.r2dbc.spi.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.StepVerifier;
import reactor.test.scheduler.VirtualTimeScheduler;
import reactor.util.context.Context;

/** Names that nobody registered: asked for once, remembered for a while, and never trusted further than they may be. */
@Tag("once")
class ConnectionDirectoryTests {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final Map<String, ConnectionDefinition> customers = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final Database database = Databases.create(Product.H2);
    private volatile Mono<Void> gate = Mono.empty();
    private ReactiveConnectionRegistry registry;

    @BeforeEach
    void open() {
        registry = registry(options -> options);
    }

    private ReactiveConnectionRegistry registry(UnaryOperator<DirectoryOptions.Builder> change) {
        return ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .timer(time)
                .directory(this::find, change.apply(DirectoryOptions.builder()).build())
                .build());
    }

    private Mono<ConnectionDefinition> find(String name) {
        asked.add(name);
        return gate.then(Mono.justOrEmpty(customers.get(name)));
    }

    @AfterEach
    void close() {
        Borrowing.close(registry);
        database.close();
    }

    private void use(UnaryOperator<DirectoryOptions.Builder> change) {
        Borrowing.close(registry);
        registry = registry(change);
    }

    private CountingFactory customer(String name) {
        CountingFactory factory = new CountingFactory(database.url());
        customers.put(name, ConnectionDefinition.of(name, factory).withPool(pool -> pool.maxSize(2)));
        return factory;
    }

    private Mono<Object> query(String name) {
        return Borrowing.query(registry, name, "SELECT 1");
    }

    private void expectUnknown(String name) {
        StepVerifier.create(query(name))
                .expectError(UnknownConnectionException.class)
                .verify(PATIENCE);
    }

    @ParameterizedTest
    @EnumSource(Product.class)
    void aNameThatNobodyRegisteredIsServedByTheDirectory(Product product) {
        try (Database own = Databases.create(product)) {
            customers.put("acme", ConnectionDefinition.of("acme", own.url()));
            assertThat(registry.contains("acme")).isFalse();
            for (int i = 0; i < 3; i++) {
                assertThat(query("acme").block(PATIENCE)).hasToString("1");
            }
            assertThat(asked).containsExactly("acme");
            assertThat(registry.contains("acme")).isTrue();
            assertThat(registry.product("acme")).isEqualTo(product.productName());
            assertThat(registry.status("acme").counts().idle()).isEqualTo(1);
            assertThat(registry.names()).as("it is nobody's business").isEmpty();
            registry.forget("acme").block(PATIENCE);
            Sessions.awaitNone(own);
        }
    }

    @Test
    void aNameThatAConfigurationBringsTakesThePlaceOfTheAnswer() {
        CountingFactory answered = customer("acme");
        query("acme").block(PATIENCE);
        registry.apply(SwitchboardConfiguration.builder()
                        .environment(Map.of())
                        .connection(ConnectionDefinition.of("acme", database.url()))
                        .build())
                .block(PATIENCE);
        assertThat(registry.status()).as("the pool of the answer is closed").isEmpty();
        query("acme").block(PATIENCE);
        assertThat(answered.opened()).isEqualTo(1);
        assertThat(registry.names()).containsExactly("acme");
    }

    @Test
    void manyWhoAskAtTheSameTimeAreOneQuestion() {
        Sinks.Empty<Void> answer = Sinks.empty();
        gate = answer.asMono();
        customer("acme");
        StepVerifier.create(Flux.range(0, 100).flatMap(i -> query("acme"), 100))
                .expectSubscription()
                .then(() -> assertThat(asked).containsExactly("acme"))
                .then(answer::tryEmitEmpty)
                .expectNextCount(100)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).containsExactly("acme");
    }

    @Test
    void whoLeavesDoesNotEndTheSearchForTheOthers() {
        Sinks.Empty<Void> answer = Sinks.empty();
        gate = answer.asMono();
        customer("acme");
        Disposable first = query("acme").subscribe();
        StepVerifier.create(query("acme"))
                .expectSubscription()
                .then(first::dispose)
                .then(answer::tryEmitEmpty)
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked).containsExactly("acme");
    }

    @Test
    void theContextOfWhoAskedFirstIsNotTheDirectorysBusiness() {
        customer("acme");
        gate = Mono.deferContextual(context -> {
            assertThat(context.hasKey("tenant")).isFalse();
            return Mono.empty();
        });
        assertThat(query("acme").contextWrite(Context.of("tenant", "other")).block(PATIENCE))
                .isEqualTo(1);
    }

    @Test
    void anErrorReachesEverybodyWhoWaitsAndIsNotRemembered() {
        customer("acme");
        gate = Mono.error(new IllegalStateException("the directory is down"));
        for (int i = 1; i <= 2; i++) {
            StepVerifier.create(query("acme"))
                    .expectErrorMessage("the directory is down")
                    .verify(PATIENCE);
            assertThat(asked).hasSize(i);
        }
        gate = Mono.empty();
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void anAnswerThatTakesTooLongIsAnErrorAndNotRemembered() {
        customer("acme");
        gate = Mono.never();
        StepVerifier.create(query("acme"))
                .expectSubscription()
                .then(() -> time.advanceTimeBy(Duration.ofSeconds(5)))
                .expectError(DirectoryTimeoutException.class)
                .verify(PATIENCE);
        gate = Mono.empty();
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void aNameWithoutADefinitionIsNotAskedForAgainForAShortWhile() {
        expectUnknown("acme");
        expectUnknown("acme");
        assertThat(asked).hasSize(1);
        customer("acme");
        expectUnknown("acme");
        time.advanceTimeBy(Duration.ofSeconds(6));
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void forgettingFindsACustomerWhoWasJustCreated() {
        expectUnknown("acme");
        customer("acme");
        registry.forget("acme").block(PATIENCE);
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void afterItsTimeTheSameAnswerKeepsThePoolAndAnotherOneMovesIt() {
        CountingFactory before = customer("acme");
        Connection held = Borrowing.borrowed(registry, "acme");
        time.advanceTimeBy(Duration.ofMinutes(6));
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        assertThat(asked).hasSize(2);
        assertThat(registry.status("acme").counts().inUse()).isEqualTo(1);
        CountingFactory after = customer("acme");
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        assertThat(after.opened()).as("its time is not over yet").isZero();
        time.advanceTimeBy(Duration.ofMinutes(6));
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        assertThat(after.opened()).isEqualTo(1);
        assertThat(before.opened()).isEqualTo(2);
        assertThat(Borrowing.one(held, "SELECT 1").block(PATIENCE))
                .as("what began there ends there")
                .isEqualTo(1);
        Borrowing.close(held);
    }

    @Test
    void aCustomerWhoIsGoneAfterTheTimeIsUnknownAndItsPoolIsClosed() {
        customer("acme");
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        customers.clear();
        assertThat(query("acme").block(PATIENCE)).as("remembered").isEqualTo(1);
        time.advanceTimeBy(Duration.ofMinutes(6));
        expectUnknown("acme");
        registry.quiescent().block(PATIENCE);
        assertThat(registry.contains("acme")).isFalse();
        assertThat(registry.status()).isEmpty();
    }

    @Test
    void anEntryWithOpenConnectionsIsNeverEvictedAndTheOthersAreBounded() {
        use(options -> options.maxRemembered(5));
        CountingFactory busy = customer("busy");
        Connection held = Borrowing.borrowed(registry, "busy");
        for (int i = 0; i < 500; i++) {
            customer("customer" + i);
            registry.lookup("customer" + i).block(PATIENCE);
        }
        Waiting.until("few are remembered", () -> remembered(500) <= 5);
        assertThat(query("busy").block(PATIENCE)).isEqualTo(1);
        assertThat(asked.stream().filter("busy"::equals)).hasSize(1);
        assertThat(busy.opened()).isEqualTo(2);
        time.advanceTimeBy(Duration.ofMinutes(60));
        assertThat(registry.contains("busy")).isTrue();
        assertThat(Borrowing.one(held, "SELECT 1").block(PATIENCE)).isEqualTo(1);
        Borrowing.close(held);
    }

    private int remembered(int customers) {
        int remembered = 0;
        for (int i = 0; i < customers; i++) {
            remembered += registry.contains("customer" + i) ? 1 : 0;
        }
        return remembered;
    }

    @Test
    void anEntryWhoseConnectionsAreAllClosedMayGo() {
        use(options -> options.maxRemembered(1));
        customer("acme");
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        Waiting.until("the idle connection is closed", () -> {
            time.advanceTimeBy(Duration.ofMinutes(10));
            return !registry.contains("acme")
                    || registry.status("acme").counts().idle() == 0;
        });
        Waiting.until("forgotten with its pool", () -> {
            time.advanceTimeBy(Duration.ofSeconds(1));
            return !registry.contains("acme") && registry.status().isEmpty();
        });
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
    }

    @Test
    void aBorrowerOnItsWayKeepsItsEntry() {
        use(options -> options.maxRemembered(1));
        Sinks.Empty<Void> slow = Sinks.empty();
        customer("acme").gate(slow.asMono());
        StepVerifier.create(query("acme"))
                .expectSubscription()
                .then(() -> Waiting.until(
                        "opening", () -> registry.status("acme").counts().opening() == 1))
                .then(() -> {
                    for (int i = 0; i < 100; i++) {
                        customer("customer" + i);
                        registry.lookup("customer" + i).block(PATIENCE);
                    }
                })
                .then(slow::tryEmitEmpty)
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(asked.stream().filter("acme"::equals)).hasSize(1);
    }

    @Test
    void aBorrowerWhoseEntryIsForgottenWhileItWaitsFindsTheNameAgain() {
        customer("acme");
        List<Connection> all = List.of(Borrowing.borrowed(registry, "acme"), Borrowing.borrowed(registry, "acme"));
        CountingFactory registered = new CountingFactory(database.url());
        StepVerifier.create(query("acme"))
                .expectSubscription()
                .then(() -> Waiting.until(
                        "waiting", () -> registry.status("acme").counts().waiting() == 1))
                .then(() -> registry.register(ConnectionDefinition.of("acme", registered)))
                .expectNextCount(1)
                .expectComplete()
                .verify(PATIENCE);
        assertThat(registered.opened()).isEqualTo(1);
        Borrowing.close(all);
    }

    @Test
    void aRegisteredNameIsTheRegistrysOwn() {
        CountingFactory found = customer("acme");
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        CountingFactory registered = new CountingFactory(database.url());
        registry.register(ConnectionDefinition.of("acme", registered));
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        assertThat(registered.opened()).isEqualTo(1);
        registry.quiescent().block(PATIENCE);
        assertThat(registry.status()).hasSize(1);
        registry.unregister("acme").block(PATIENCE);
        assertThat(query("acme").block(PATIENCE)).isEqualTo(1);
        assertThat(found.opened()).isEqualTo(2);
        assertThat(asked).hasSize(2);
    }

    @Test
    void aClosedRegistryAsksNobodyAndKeepsNothingThatIsAnsweredLate() {
        Sinks.Empty<Void> answer = Sinks.empty();
        gate = answer.asMono();
        customer("acme");
        StepVerifier.create(query("acme"))
                .expectSubscription()
                .then(() -> registry.close().subscribe())
                .then(answer::tryEmitEmpty)
                .expectError(RegistryClosedException.class)
                .verify(PATIENCE);
        StepVerifier.create(query("globex"))
                .expectError(RegistryClosedException.class)
                .verify(PATIENCE);
        assertThat(asked).containsExactly("acme");
        assertThat(registry.status()).isEmpty();
    }

    @Test
    void aDirectoryThatThrowsOrAnswersNothingAtAllIsAnErrorToWhoAsked() {
        ReactiveConnectionRegistry broken = ReactiveConnectionRegistry.create(RegistryOptions.builder()
                .directory(name -> {
                    throw new IllegalStateException("broken");
                })
                .build());
        StepVerifier.create(Borrowing.query(broken, "acme", "SELECT 1"))
                .expectErrorMessage("broken")
                .verify(PATIENCE);
        Borrowing.close(broken);
    }

    @Test
    void aProductIsKnownOnceTheDirectoryWasAsked() {
        customer("acme");
        StepVerifier.create(Flux.usingWhen(
                        Mono.from(registry.connectionFactory("acme").create()).cast(SwitchboardConnection.class),
                        SwitchboardConnection::product,
                        SwitchboardConnection::close))
                .expectNext("H2")
                .expectComplete()
                .verify(PATIENCE);
    }
}
