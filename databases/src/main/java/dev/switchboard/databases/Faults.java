package dev.switchboard.databases;

import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What is wrong with the network of a proxy at the moment. */
final class Faults {
    private static final int PREFETCH = 256;

    private final Runnable cut;
    private final AtomicReference<Sinks.@Nullable Empty<Void>> stall = new AtomicReference<>();
    private volatile Duration delay = Duration.ZERO;
    private @Nullable Long bytesUntilCut;

    private record Chunk(ByteBuf bytes, long arrival) {}

    Faults(Runnable cut) {
        this.cut = cut;
    }

    void stall() {
        stall.compareAndSet(null, Sinks.empty());
    }

    void resume() {
        Sinks.Empty<Void> ended = stall.getAndSet(null);
        if (ended != null) {
            ended.tryEmitEmpty();
        }
    }

    void delay(Duration longer) {
        delay = longer;
    }

    synchronized void cutAfter(long bytes) {
        bytesUntilCut = bytes;
    }

    Flux<ByteBuf> toServer(Flux<ByteBuf> bytes) {
        return hindered(bytes);
    }

    Flux<ByteBuf> toClient(Flux<ByteBuf> bytes) {
        return hindered(bytes).concatMap(this::untilCut, 1);
    }

    /** Chunks are read ahead and stamped, so that a delay adds to the latency and not to the time of each chunk. */
    private Flux<ByteBuf> hindered(Flux<ByteBuf> bytes) {
        return bytes.map(chunk -> new Chunk(chunk, System.nanoTime())).concatMap(this::arrives, PREFETCH);
    }

    private Mono<ByteBuf> arrives(Chunk chunk) {
        Mono<ByteBuf> bytes = Mono.just(chunk.bytes());
        Duration rest = delay.minusNanos(System.nanoTime() - chunk.arrival());
        Mono<ByteBuf> late = rest.isNegative() || rest.isZero() ? bytes : bytes.delayElement(rest);
        Sinks.Empty<Void> stalled = stall.get();
        return stalled == null ? late : stalled.asMono().then(late);
    }

    private Flux<ByteBuf> untilCut(ByteBuf bytes) {
        int passing = passing(bytes.readableBytes());
        if (passing < 0) {
            return Flux.just(bytes);
        }
        Mono<ByteBuf> end = Mono.fromRunnable(cut);
        return passing == 0 ? end.flux() : Flux.just(bytes.readSlice(passing)).concatWith(end);
    }

    /** How many of these bytes still pass before the cut, or -1 if there is none among them. */
    private synchronized int passing(int length) {
        Long left = bytesUntilCut;
        if (left == null) {
            return -1;
        }
        if (left > length) {
            bytesUntilCut = left - length;
            return -1;
        }
        bytesUntilCut = null;
        return left.intValue();
    }
}
