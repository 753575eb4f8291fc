package dev.switchboard.routing;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Counts the databases of one subscription of a fan-out as they end. */
final class ShardProgress {

    private final int all;
    private final AtomicInteger ended = new AtomicInteger();

    ShardProgress(int all) {
        this.all = all;
    }

    <T> Flux<ShardSignal<T>> watched(String shard, Flux<T> asked) {
        return Flux.defer(() -> {
            long started = System.nanoTime();
            AtomicLong rows = new AtomicLong();
            return asked.<ShardSignal<T>>map(value -> {
                        rows.incrementAndGet();
                        return new ShardSignal.Row<>(shard, value);
                    })
                    .concatWith(Mono.fromSupplier(() -> new ShardSignal.Completed<>(
                            shard, rows.get(), since(started), ended.incrementAndGet(), all)))
                    .onErrorResume(failure -> Mono.fromSupplier(() ->
                            new ShardSignal.Failed<>(shard, failure, since(started), ended.incrementAndGet(), all)));
        });
    }

    private static Duration since(long started) {
        return Duration.ofNanos(System.nanoTime() - started);
    }
}
