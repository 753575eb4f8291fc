package dev.switchboard.examples.fleet;

import dev.switchboard.core.ConnectionMetrics;
import dev.switchboard.core.PoolCounts;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** How long borrowers waited for a connection, for each server; the registry tells it as it tells Micrometer. */
final class Waits implements ConnectionMetrics {

    /** Who gets a connection within this time found one, or opened one at once. */
    private static final long NO_WAIT_MICROS = 1_000;

    private static final long LONGEST_MICROS = TimeUnit.MINUTES.toMicros(2);

    private final List<Histogram> micros;
    private final IntFunction<Integer> serverOfShard;

    /** Shards take the servers in turn: {@code shard7} is on server 7 modulo their number. */
    Waits(int servers) {
        this.micros = IntStream.range(0, servers)
                .<Histogram>mapToObj(server -> new ConcurrentHistogram(LONGEST_MICROS, 2))
                .toList();
        this.serverOfShard = shard -> shard % servers;
    }

    /** Forgets what was while the program warmed up. */
    void reset() {
        micros.forEach(Histogram::reset);
    }

    void waited(int server, long lengthMicros) {
        micros.get(server).recordValue(Math.min(lengthMicros, LONGEST_MICROS));
    }

    Histogram of(int server) {
        return micros.get(server);
    }

    long longerThanNothing(int server) {
        return micros.get(server).getCountBetweenValues(NO_WAIT_MICROS, LONGEST_MICROS);
    }

    @Override
    public OfPool opened(String name, int maxWaiting, Supplier<PoolCounts> counts) {
        int server = serverOfShard.apply(Integer.parseInt(name.substring("shard".length())));
        return new OfPool() {

            @Override
            public void acquired(long nanos, boolean delivered) {
                if (delivered) {
                    waited(server, TimeUnit.NANOSECONDS.toMicros(nanos));
                }
            }

            @Override
            public void connected(long nanos, boolean opened) {}

            @Override
            public void returned(long nanos) {}

            @Override
            public void leakSuspected() {}

            @Override
            public void closed() {}
        };
    }
}
