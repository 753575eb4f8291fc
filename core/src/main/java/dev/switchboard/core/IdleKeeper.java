package dev.switchboard.core;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Opens connections before anybody asks for them: at least {@code minIdle} of them wait for a borrower, as long as the pool
 * has room. Each is opened with a ticket of the admission queue that no borrower wants at that moment, so borrowers come
 * first, and whatever bounds the tickets bounds this as well.
 *
 * <p>r2dbc-pool hands out an idle connection before it opens one, so these wait beside it, in the {@link Opener}, until it
 * asks for another one.
 */
final class IdleKeeper {

    private static final Logger LOGGER = LoggerFactory.getLogger(IdleKeeper.class);

    /** How soon a connection that died unnoticed is missed, and a server that refused connections is tried again. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final KeepAlive keepAlive;
    private final SlotPool pool;
    private final Opener opener;
    private final Lane lane;
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicReference<Sinks.Empty<Void>> lastRound = new AtomicReference<>(Sinks.empty());
    private final Sinks.Empty<Void> stopping = Sinks.empty();
    private volatile boolean resting;
    private volatile @Nullable Disposable ticking;

    IdleKeeper(SlotPool pool, Opener opener, Lane lane) {
        this.keepAlive = new KeepAlive(pool, opener);
        this.pool = pool;
        this.opener = opener;
        this.lane = lane;
        Objects.requireNonNull(lastRound.get()).tryEmitEmpty();
    }

    private int wanted() {
        return pool.options().minIdle();
    }

    void start() {
        keepAlive.start();
        // What came from another name and nobody fetched is looked after here too: the pool in the middle does not know
        // it.
        if (wanted() == 0 && pool.mover() == null) {
            return;
        }
        Duration half = pool.options().idleTimeout().dividedBy(2);
        long pause = (half.compareTo(LONGEST_PAUSE) < 0 ? half : LONGEST_PAUSE).toNanos();
        ticking = pool.timer().schedulePeriodically(this::tick, pause, pause, TimeUnit.NANOSECONDS);
        if (pool.isDraining()) {
            stop();
        }
        look();
    }

    void stop() {
        keepAlive.stop();
        stopping.tryEmitEmpty();
        Disposable ticks = ticking;
        if (ticks != null) {
            ticks.dispose();
        }
    }

    private void tick() {
        resting = false;
        pool.background().start(opener.closeUnfit().then(Mono.fromRunnable(this::look)));
    }

    /** A connection was taken or closed: opens another one in the background where one is missing. */
    void look() {
        if (wanted() > 0 && !resting && asked.getAndIncrement() == 0) {
            pool.background().start(Mono.defer(this::keep));
        }
    }

    private Mono<Void> keep() {
        int answering = asked.get();
        return fill(wanted()).onErrorResume(this::rest).then(Mono.defer(() -> {
            boolean askedAgain = asked.addAndGet(-answering) > 0;
            return askedAgain ? keep() : Mono.empty();
        }));
    }

    private Mono<Void> rest(Throwable failure) {
        resting = true;
        LOGGER.debug(
                "Connection '{}': none could be opened ahead: {}",
                pool.definition().name(),
                failure.toString());
        return Mono.empty();
    }

    /** Opens connections, one after the other, until so many are idle or no ticket is to be had; one such round at a time. */
    private Mono<Void> fill(int idle) {
        return Mono.defer(() -> {
            Sinks.Empty<Void> mine = Sinks.empty();
            Mono<Void> before =
                    Objects.requireNonNull(lastRound.getAndSet(mine)).asMono();
            return before.then(Mono.defer(() -> openUntil(idle))).doOnTerminate(mine::tryEmitEmpty);
        });
    }

    private Mono<Void> openUntil(int idle) {
        return Mono.defer(() -> {
            if (pool.isDraining() || opener.idle() >= idle) {
                return Mono.empty();
            }
            Ticket ticket = lane.spare();
            if (ticket == null) {
                return Mono.empty();
            }
            if (lane.taken() + opener.idle() > pool.options().maxSize()) {
                ticket.giveBack();
                return Mono.empty();
            }
            return opened(ticket)
                    .flatMap(opener::stock)
                    .doOnTerminate(ticket::giveBack)
                    .then(Mono.defer(() -> openUntil(idle)));
        });
    }

    /** Waits for its turn where so many are on their way already, or its address has just failed; the pool's end ends that. */
    private Mono<PhysicalConnection> opened(Ticket ticket) {
        return opener.open()
                .onErrorResume(
                        Ticket.NoRoomException.class,
                        none -> Mono.firstWithSignal(ticket.room(), stopping.asMono())
                                .then(Mono.defer(
                                        () -> pool.isDraining() ? Mono.<PhysicalConnection>empty() : opened(ticket))));
    }

    /** The first connections of a pool, opened now; an error says why there are none. */
    Mono<Void> warmUp() {
        return opener.closeUnfit().then(Mono.defer(() -> fill(Math.max(1, wanted()))));
    }
}
