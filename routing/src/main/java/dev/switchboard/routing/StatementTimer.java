package dev.switchboard.routing;

import dev.switchboard.core.SwitchboardConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Measures how long a statement takes to answer: from the moment when its connection is there and its subscriber asks for
 * something, to its first value or its end. What comes late is cancelled, which stops the statement on the server, and the
 * subscriber hears of it at once.
 *
 * <p>The server's own time-out would stay behind on the connection, which most products can only undo by closing it.
 */
final class StatementTimer {

    private final SqlRun run;
    private final Duration limit;
    private final Sinks.Empty<Void> begun = Sinks.empty();
    private final AtomicBoolean answered = new AtomicBoolean();
    private volatile @Nullable String connectionName;

    private StatementTimer(SqlRun run, Duration limit) {
        this.run = run;
        this.limit = limit;
    }

    static <R> Flux<R> limit(SqlRun run, Duration limit, Function<SwitchboardConnection, Publisher<R>> use) {
        return Flux.defer(() -> new StatementTimer(run, limit).time(use));
    }

    private <R> Flux<R> time(Function<SwitchboardConnection, Publisher<R>> use) {
        Mono<Long> late =
                begun.asMono().then(Mono.delay(limit)).flatMap(tick -> answered.get() ? Mono.never() : Mono.just(tick));
        return run.client()
                .<R>withConnection(handle -> handle.openFor(run.sql()).thenMany(Flux.defer(() -> timed(handle, use))))
                .timeout(late, value -> Mono.never(), Flux.error(this::tooLate));
    }

    private <R> Flux<R> timed(SwitchboardConnection handle, Function<SwitchboardConnection, Publisher<R>> use) {
        connectionName = handle.connectionName();
        return Flux.from(use.apply(handle))
                .doOnRequest(demand -> begun.tryEmitEmpty())
                .doOnNext(value -> answered.set(true))
                .doOnTerminate(() -> answered.set(true));
    }

    private Throwable tooLate() {
        return new AnswerTimeoutException(connectionName, run.sql(), limit);
    }
}
