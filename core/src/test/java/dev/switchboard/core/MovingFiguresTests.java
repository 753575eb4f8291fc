package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import dev.switchboard.databases.TestSize;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a query costs whose name has no connection at a cap of one: one that is moved, against one that is closed and another opened. */
@Tag("once")
class MovingFiguresTests {

    private static final int QUERIES = TestSize.of(10, 300);
    private static final int ROUNDS = TestSize.of(1, 3);

    static List<Product> products() {
        return ROUNDS == 1 ? List.of(Product.MARIADB) : List.of(Product.POSTGRESQL, Product.MYSQL, Product.MARIADB);
    }

    @ParameterizedTest
    @MethodSource("products")
    void movingASessionCostsLessThanHalfOfOpeningOne(Product product) {
        try (MovingHost host = new MovingHost(product, 2)) {
            ReactiveConnectionRegistry moving = host.registry(caps(host.budget()));
            ReactiveConnectionRegistry reopening = host.registry(caps(ConnectionBudget.builder()));
            double moved = 0;
            double reopened = 0;
            for (int round = 0; round < ROUNDS; round++) {
                moved = medianMillis(moving);
                reopened = medianMillis(reopening);
            }
            BudgetStatus ofMoving = moving.budget().total();
            BudgetStatus ofReopening = reopening.budget().total();
            Borrowing.close(moving);
            Borrowing.close(reopening);
            System.out.printf(
                    "%s: %.2f ms moved, %.2f ms reopened, ratio %.1f%n", product, moved, reopened, reopened / moved);
            assertThat(ofMoving.moved()).isEqualTo((long) ROUNDS * QUERIES - 1);
            assertThat(ofMoving.reclaimed()).isZero();
            assertThat(ofReopening.reclaimed()).isEqualTo((long) ROUNDS * QUERIES - 1);
            assertThat(ofReopening.moved()).isZero();
            // Short forms are too short for clocks.
            assertThat(ROUNDS == 1 || reopened > 2 * moved).isTrue();
        }
    }

    private static ConnectionBudget.Builder caps(ConnectionBudget.Builder budget) {
        return budget.total(1).controlPermits(0).reserve(0);
    }

    private static double medianMillis(ReactiveConnectionRegistry registry) {
        long[] took = new long[QUERIES];
        for (int i = 0; i < QUERIES; i++) {
            long begun = System.nanoTime();
            assertThat(MovingHost.tag(registry, i % 2).block(Borrowing.PATIENCE))
                    .isEqualTo(i % 2);
            took[i] = System.nanoTime() - begun;
        }
        Arrays.sort(took);
        return took[QUERIES / 2] / 1e6;
    }
}
