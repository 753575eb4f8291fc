package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.usingConnection;
import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;

/** Two databases {@code a} and {@code b} of each product, empty before each test; after it no connection is on loan. */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.switchboard.databases.Databases#available")
abstract class TransactionsOnEveryProduct {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    static Fleet fleet = new Fleet();
    static SqlClient db = fleet.db();

    @Parameter
    Product product;

    @BeforeParameterizedClassInvocation
    static void start(Product product) {
        fleet = Fleet.of(product, "a", "b");
        db = fleet.db();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        fleet.close();
    }

    @BeforeEach
    void clear() {
        fleet.clearNotes();
    }

    @AfterEach
    void nothingStaysOnLoan() {
        fleet.awaitRest();
        assertThat(fleet.inUse()).isZero();
    }

    static <T> Mono<T> onA(Mono<T> work) {
        return work.contextWrite(usingConnection("a"));
    }

    static Mono<Long> failing() {
        return Mono.error(new IllegalStateException("planned"));
    }
}
