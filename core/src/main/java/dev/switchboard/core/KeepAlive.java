package dev.switchboard.core;

import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Asks the idle connections of a pool whether they are alive, so that nothing on the way to the server forgets them, and closes
 * those that do not answer in time. None is silent for longer than {@code keepAlive}.
 *
 * <p>A ping has no ticket and opens nothing. While it is under way its connection counts as idle, may be closed to make room,
 * and is not waited for: a borrower who meets it has it closed, and takes another.
 */
final class KeepAlive {

    private final SlotPool pool;
    private final Opener opener;
    private final AtomicBoolean sweeping = new AtomicBoolean();
    private final Sinks.Empty<Void> stopping = Sinks.empty();
    private final Disposable.Swap ticking = Disposables.swap();

    KeepAlive(SlotPool pool, Opener opener) {
        this.pool = pool;
        this.opener = opener;
    }

    void start() {
        Duration longest = pool.options().keepAlive();
        if (longest != null) {
            // Twice as often as promised: between two looks a connection grows silent for no longer than that.
            long half = longest.toNanos() / 2;
            ticking.update(pool.timer().schedulePeriodically(() -> tick(half), half, half, TimeUnit.NANOSECONDS));
        }
    }

    void stop() {
        ticking.dispose();
        stopping.tryEmitEmpty();
    }

    private void tick(long quietNanos) {
        if (sweeping.compareAndSet(false, true)) {
            pool.background().start(sweep(quietNanos).doOnTerminate(() -> sweeping.set(false)));
        }
    }

    /** One after the other while they answer; once one is dead the others are likely to be, and are asked together. */
    private Mono<Void> sweep(long quietNanos) {
        return Mono.defer(() -> {
            Queue<PhysicalConnection> due = new ConcurrentLinkedQueue<>(opener.connections());
            AtomicBoolean healthy = new AtomicBoolean(true);
            return Mono.defer(() -> Mono.justOrEmpty(due.poll()))
                    .flatMap(connection -> pinged(connection, quietNanos))
                    .doOnNext(healthy::set)
                    .repeat(() -> healthy.get() && !due.isEmpty())
                    .thenMany(Flux.fromIterable(due))
                    .flatMap(connection -> pinged(connection, quietNanos), Integer.MAX_VALUE)
                    .then();
        });
    }

    /** False where it is dead. */
    private Mono<Boolean> pinged(PhysicalConnection connection, long quietNanos) {
        return Mono.defer(() -> {
            boolean isDue = !pool.isDraining() && connection.quietNanos(pool.nowNanos()) >= quietNanos;
            if (!isDue || !connection.move(PhysicalConnection.State.IDLE, PhysicalConnection.State.PINGED)) {
                return Mono.just(true);
            }
            long since = pool.report().nanos();
            AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
            return Validation.of(connection, pool, ValidationDepth.REMOTE, failure::set)
                    .takeUntilOther(stopping.asMono())
                    .doOnNext(alive -> {
                        if (alive) {
                            connection.answered(pool.nowNanos());
                        } else {
                            close(connection, since, failure.get());
                        }
                    })
                    .doOnTerminate(
                            () -> connection.move(PhysicalConnection.State.PINGED, PhysicalConnection.State.IDLE));
        });
    }

    private void close(PhysicalConnection connection, long sinceNanos, @Nullable Throwable failure) {
        if (connection.retire()) {
            pool.report().notValidated(connection.life(), sinceNanos, failure);
            pool.background().start(connection.close(CloseReason.NOT_VALIDATED));
        }
    }
}
