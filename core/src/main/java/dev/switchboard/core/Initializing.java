package dev.switchboard.core;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Warms connections up, a few at a time. */
final class Initializing {

    private final SlotTable slots;
    private final RegistryCore core;

    Initializing(SlotTable slots, RegistryCore core) {
        this.slots = slots;
        this.core = core;
    }

    Mono<Initialization> one(String name) {
        return Mono.defer(() -> {
            long begun = now();
            return warmUp(name).map(open -> ended(name, open, begun, null).of(1, 1));
        });
    }

    Flux<Initialization> all(int parallelism) {
        if (parallelism < 1) {
            throw new IllegalArgumentException("parallelism must be at least 1, was " + parallelism);
        }
        return Flux.defer(() -> {
            List<String> names = slots.registeredNames();
            AtomicInteger done = new AtomicInteger();
            return Flux.fromIterable(names)
                    .flatMap(this::attempted, parallelism)
                    .map(ended -> ended.of(done.incrementAndGet(), names.size()));
        });
    }

    private Mono<Ended> attempted(String name) {
        return Mono.defer(() -> {
            long begun = now();
            return warmUp(name)
                    .map(open -> ended(name, open, begun, null))
                    .onErrorResume(failure -> Mono.fromSupplier(() -> ended(name, 0, begun, failure)));
        });
    }

    private Mono<Integer> warmUp(String name) {
        return slots.with(name, ConnectionSlot::warmUp);
    }

    private Ended ended(String name, int open, long begun, @Nullable Throwable failure) {
        return new Ended(name, open, Duration.ofNanos(now() - begun), failure);
    }

    private long now() {
        return core.timer().now(TimeUnit.NANOSECONDS);
    }

    private record Ended(
            String name, int open, Duration took, @Nullable Throwable failure) {

        Initialization of(int done, int total) {
            return new Initialization(name, open, took, failure, done, total);
        }
    }
}
