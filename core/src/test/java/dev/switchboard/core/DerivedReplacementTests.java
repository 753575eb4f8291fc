package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.Product;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** An override is served by the definition that holds when it is asked for, from the moment on that it holds. */
class DerivedReplacementTests {

    @Test
    void noOverrideIsServedByTheOldDefinitionWhileThatDrains() {
        try (Siblings siblings = new Siblings(Product.H2, 2)) {
            ReactiveConnectionRegistry registry =
                    ReactiveConnectionRegistry.create().register(siblings.base());
            assertThat(Siblings.tag(registry, siblings.to(1)).block(Borrowing.PATIENCE))
                    .isEqualTo("tag1");
            Mono<Void> drained = registry.slot("orders")
                    .replace(siblings.base().withPool(pool -> pool.maxSize(7).drainTimeout(Duration.ofSeconds(10))));
            assertThat(Siblings.tag(registry, siblings.to(1)).block(Borrowing.PATIENCE))
                    .isEqualTo("tag1");
            assertThat(registry.status())
                    .as("the pool that served it")
                    .singleElement()
                    .satisfies(status -> assertThat(status.counts().max()).isEqualTo(7));
            drained.block(Borrowing.PATIENCE);
            Borrowing.close(registry);
        }
    }
}
