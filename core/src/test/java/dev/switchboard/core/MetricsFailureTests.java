package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Metrics that fail hurt nobody. */
class MetricsFailureTests {

    /** Counts how often it was told something, and always throws. */
    private static final class Failing implements ConnectionMetrics.OfPool {

        private final AtomicInteger told = new AtomicInteger();

        private void fail() {
            told.incrementAndGet();
            throw new IllegalStateException("a bug in the metrics");
        }

        @Override
        public void acquired(long nanos, boolean delivered) {
            fail();
        }

        @Override
        public void connected(long nanos, boolean opened) {
            fail();
        }

        @Override
        public void returned(long nanos) {
            fail();
        }

        @Override
        public void leakSuspected() {
            fail();
        }

        @Override
        public void closed() {
            fail();
        }
    }

    private static ReactiveConnectionRegistry registry(ConnectionMetrics metrics) {
        return ReactiveConnectionRegistry.create(
                        RegistryOptions.builder().metrics(metrics).build())
                .register("orders", "r2dbc:h2:mem:///failing-metrics");
    }

    @Test
    void aPoolWorksAndClosesWhateverItsMetricsThrow() {
        Failing failing = new Failing();
        ReactiveConnectionRegistry registry = registry((name, maxWaiting, counts) -> failing);
        assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                .hasToString("1");
        Borrowing.close(registry);
        assertThat(failing.told).as("connected, acquired, returned, closed").hasValue(4);
    }

    @Test
    void aHostComesAndGoesWhateverItsMetricsThrow() {
        AtomicInteger told = new AtomicInteger();
        ReactiveConnectionRegistry registry = registry(new ConnectionMetrics() {
            @Override
            public OfPool opened(String name, int maxWaiting, Supplier<PoolCounts> counts) {
                return new Failing();
            }

            @Override
            public OfHost hostOpened(String host, Supplier<BudgetStatus> status) {
                return () -> {
                    told.incrementAndGet();
                    throw new IllegalStateException("a bug in the metrics");
                };
            }
        });
        Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE);
        Borrowing.close(registry);
        assertThat(told).hasValue(1);
    }

    @Test
    void aPoolOpensEvenWhereItsMetricsDoNot() {
        ReactiveConnectionRegistry registry = registry((name, maxWaiting, counts) -> {
            throw new IllegalStateException("a bug in the metrics");
        });
        assertThat(Borrowing.query(registry, "orders", "SELECT 1").block(Borrowing.PATIENCE))
                .hasToString("1");
        Borrowing.close(registry);
    }
}
