package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ConnectionOverride;
import dev.switchboard.core.ConnectionStatus;
import dev.switchboard.core.OverrideRefusedException;
import dev.switchboard.core.Route;
import dev.switchboard.core.SwitchboardConnection;
import dev.switchboard.databases.Product;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** One chain uses another database of its connection: a is registered, and so is b, which overrides of a lead to. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
class OverrideTests {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Fleet fleet = new Fleet();
    private static String other = "";

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
        other = String.valueOf(fleet.databaseOf("b").options().getRequiredValue(ConnectionFactoryOptions.DATABASE));
        // The files of the fleet lie in a folder each.
        Path folder = Objects.requireNonNull(Path.of(other).toAbsolutePath().getParent());
        fleet.registry()
                .replace(ConnectionDefinition.of("a", fleet.databaseOf("a").url())
                        .withPool(pool -> pool.maxSize(4))
                        .withOverrides(allowed -> allowed.directories(folder)))
                .block(PATIENCE);
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.clearNotes();
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    private static <T> Mono<T> onA(Mono<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    @Test
    void aChainUsesAnotherDatabaseAndTheNextOneDoesNot() {
        StepVerifier.create(onA(fleet.who().contextWrite(usingDatabase(other))))
                .expectNext("b")
                .verifyComplete();
        StepVerifier.create(onA(fleet.who())).expectNext("a").verifyComplete();
        StepVerifier.create(onA(fleet.who()
                        .contextWrite(readOnly())
                        .contextWrite(usingOptions(options -> options.database(other)))))
                .expectNext("b")
                .verifyComplete();
        StepVerifier.create(onA(fleet.who()
                        .contextWrite(usingOptions(options -> options))
                        .contextWrite(usingDatabase(other))))
                .expectNext("a")
                .verifyComplete();
        assertThat(fleet.registry().names()).containsExactly("a", "b");
        assertThat(fleet.registry().status().stream()
                        .map(ConnectionStatus::name)
                        .filter(name -> name.startsWith("a[database=")))
                .hasSize(1);
    }

    @Test
    void theConnectionsOfOneChainMeetTheirOwnDatabases() {
        Flux<String> names = Flux.range(0, 60)
                .flatMap(i -> i % 2 == 0 ? fleet.who() : fleet.who().contextWrite(usingDatabase(other)), 16)
                .contextWrite(usingConnection("a"));

        assertThat(names.filter("b"::equals).count().block(PATIENCE)).isEqualTo(30);
    }

    @Test
    void aTransactionIsOnTheOverriddenDatabase() {
        Mono<Long> written = fleet.db().inTransaction(fleet.write(1).then(fleet.write(2)));

        onA(written.contextWrite(usingDatabase(other))).block(PATIENCE);

        assertThat(fleet.notesIn("b")).containsExactly(1, 2);
        assertThat(fleet.notesIn("a")).isEmpty();
    }

    @Test
    void anotherOverrideInsideATransactionIsAConflictAndUndoesIt() {
        Mono<Long> both = fleet.db()
                .inTransaction(fleet.write(1).then(fleet.write(2).contextWrite(usingDatabase("somewhere_else"))));

        StepVerifier.create(onA(both.contextWrite(usingDatabase(other))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(RouteConflictException.class)
                        .hasMessageContaining("override [database=somewhere_else]"))
                .verify(PATIENCE);
        StepVerifier.create(onA(fleet.db()
                        .inTransaction(fleet.write(3).then(fleet.write(4).contextWrite(usingDatabase(other))))))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);
        StepVerifier.create(onA(fleet.db()
                        .inTransaction(
                                fleet.write(5).then(fleet.write(6).contextWrite(usingOptions(options -> options))))
                        .contextWrite(usingDatabase(other))))
                .expectError(RouteConflictException.class)
                .verify(PATIENCE);

        assertThat(fleet.notesIn("a")).isEmpty();
        assertThat(fleet.notesIn("b")).isEmpty();
    }

    @Test
    void theSameOverrideInsideATransactionIsNone() {
        Mono<Long> both = fleet.db()
                .inTransaction(fleet.write(1)
                        .then(fleet.write(2).contextWrite(usingOptions(options -> options.database(other)))));

        onA(both.contextWrite(usingDatabase(other))).block(PATIENCE);

        assertThat(fleet.notesIn("b")).containsExactly(1, 2);
    }

    @Test
    void aStatementOfAnotherHandleIsAConflict() {
        Mono<Long> late = Mono.usingWhen(
                        fleet.routed().create(),
                        connection -> Flux.from(connection
                                        .createStatement("SELECT name FROM who")
                                        .execute())
                                .contextWrite(usingDatabase(other))
                                .count(),
                        SwitchboardConnection::close)
                .contextWrite(usingConnection("a"));

        StepVerifier.create(late).expectError(RouteConflictException.class).verify(PATIENCE);
    }

    @Test
    void theRouteOfAHandleTellsTheOverride() {
        Mono<Route> route = Mono.usingWhen(
                fleet.routed().forProduct(product.productName()).create(),
                SwitchboardConnection::route,
                SwitchboardConnection::close);

        StepVerifier.create(onA(route.contextWrite(usingDatabase(other))))
                .assertNext(found -> {
                    assertThat(found.connectionName()).isEqualTo("a");
                    assertThat(found.override())
                            .isEqualTo(
                                    ConnectionOverride.builder().database(other).build());
                })
                .verifyComplete();
    }

    @Test
    void aHostThatIsNotAllowedIsNeverAsked() {
        StepVerifier.create(onA(fleet.who().contextWrite(usingOptions(options -> options.host("evil.example")))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(OverrideRefusedException.class)
                        .hasMessageStartingWith(
                                "Connection 'a' cannot be used with the override [host=evil.example]: it"))
                .verify(PATIENCE);
        StepVerifier.create(onA(fleet.who()
                        .contextWrite(
                                usingOptions(options -> options.database(other).credentials("root", "swordfish")))))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(OverrideRefusedException.class)
                        .hasMessageNotContaining("swordfish"))
                .verify(PATIENCE);
    }

    @Test
    void theOwnHostInTheOverrideIsThePoolOfTheName() {
        if (product.isServer()) {
            fleet.registry().dispose("a").block(PATIENCE);
            String host = fleet.databaseOf("a").host();
            StepVerifier.create(onA(fleet.who().contextWrite(usingOptions(options -> options.host(host)))))
                    .expectNext("a")
                    .verifyComplete();
            assertThat(fleet.registry().status().stream()
                            .map(ConnectionStatus::name)
                            .filter(name -> name.startsWith("a")))
                    .containsExactly("a");
        }
    }

    @Test
    void whatCannotBeADatabaseIsRefusedWhereItIsWritten() {
        assertThatThrownBy(() -> usingDatabase("x\0"))
                .isInstanceOf(OverrideRefusedException.class)
                .hasMessageContaining("U+0000");
    }
}
