package dev.switchboard.routing;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.Function;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;
import reactor.util.context.Context;

/** Answers about keys, asked for once and remembered for a while. */
final class ShardDirectory {

    private static final Duration UNKNOWN_FOR = Duration.ofSeconds(1);
    private static final Duration LONGEST_LOOKUP = Duration.ofSeconds(10);

    private final Function<ShardKey, Mono<String>> lookup;
    private final Duration timeToLive;
    private final Scheduler clock;
    private final Cache<ShardKey, Mono<String>> answers;

    ShardDirectory(Function<ShardKey, Mono<String>> lookup, int mostKeys, Duration timeToLive) {
        this(lookup, mostKeys, timeToLive, Schedulers.parallel());
    }

    ShardDirectory(Function<ShardKey, Mono<String>> lookup, int mostKeys, Duration timeToLive, Scheduler clock) {
        this.lookup = lookup;
        this.timeToLive = timeToLive;
        this.clock = clock;
        this.answers = Caffeine.newBuilder().maximumSize(mostKeys).build();
    }

    Mono<String> shardOf(ShardKey key) {
        return answers.get(key, this::asked);
    }

    /** Once for all who ask meanwhile: nobody's cancel stops it for the others, and nobody's Context reaches it. */
    private Mono<String> asked(ShardKey key) {
        Duration unknown = timeToLive.compareTo(UNKNOWN_FOR) < 0 ? timeToLive : UNKNOWN_FOR;
        return Mono.defer(() -> lookup.apply(key))
                .timeout(LONGEST_LOOKUP, clock)
                .contextWrite(ignored -> Context.empty())
                .cache(shard -> timeToLive, failure -> Duration.ZERO, () -> unknown, clock);
    }
}
