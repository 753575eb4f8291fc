package dev.switchboard.examples.fleet;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Chains that ask one database after the other, a few of them far more often than the rest (Zipf's law). */
final class Load {

    private final Access access;
    private final List<Shard> shards = new CopyOnWriteArrayList<>();
    private final AtomicLongArray answers;
    private final AtomicLongArray errors;
    private final LongAdder wrong = new LongAdder();
    private final Map<String, LongAdder> reasons = new ConcurrentHashMap<>();

    /** At each place the sum of 1/1, 1/2, 1/3 and so on up to there. */
    private final double[] sums;

    Load(Access access, Plan plan) {
        this.access = access;
        this.answers = new AtomicLongArray(plan.servers());
        this.errors = new AtomicLongArray(plan.servers());
        this.sums = new double[plan.databases()];
        double sum = 0;
        for (int rank = 0; rank < sums.length; rank++) {
            sum += 1.0 / (rank + 1);
            sums[rank] = sum;
        }
    }

    void add(Shard shard) {
        access.add(shard);
        shards.add(shard);
    }

    int shards() {
        return shards.size();
    }

    /** So many chains at the same time, until the time is over; each ends its last question. */
    Mono<Void> run(int chains, Duration time) {
        return Mono.defer(() -> {
            long end = System.nanoTime() + time.toNanos();
            return Flux.range(0, chains)
                    .flatMap(number -> chain(new Random(number), end), chains)
                    .then();
        });
    }

    private Mono<Void> chain(Random random, long end) {
        return Mono.defer(() -> ask(chosen(random)))
                .repeat(() -> System.nanoTime() - end < 0)
                .then();
    }

    private Shard chosen(Random random) {
        List<Shard> now = shards;
        double place = random.nextDouble() * sums[now.size() - 1];
        int low = 0;
        int high = now.size() - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sums[middle] < place) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return now.get(low);
    }

    private Mono<Void> ask(Shard shard) {
        return access.ask(shard)
                .doOnNext(answer -> {
                    answers.incrementAndGet(shard.server());
                    if (!answer.equals(shard.name())) {
                        wrong.increment();
                    }
                })
                .onErrorResume(failure -> {
                    errors.incrementAndGet(shard.server());
                    reasons.computeIfAbsent(reason(failure), reason -> new LongAdder())
                            .increment();
                    return Mono.empty();
                })
                .then();
    }

    /** The innermost cause, without what is different each time. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName() + ": "
                + String.valueOf(cause.getMessage()).replaceAll("\\d{2,}", "#");
    }

    long answers(int server) {
        return answers.get(server);
    }

    long answers() {
        return sum(answers);
    }

    long errors(int server) {
        return errors.get(server);
    }

    long errors() {
        return sum(errors);
    }

    long wrong() {
        return wrong.sum();
    }

    Map<String, LongAdder> reasons() {
        return reasons;
    }

    private static long sum(AtomicLongArray counts) {
        long sum = 0;
        for (int i = 0; i < counts.length(); i++) {
            sum += counts.get(i);
        }
        return sum;
    }
}
