package dev.switchboard.core;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;

/** What a registry tells from now on. */
final class Heard {

    private final List<ConnectionEvent> events = new ArrayList<>();
    private final Sinks.Many<ConnectionEvent> all = Sinks.many().replay().all();
    private final CompletableFuture<Void> ended;

    private Heard(Flux<ConnectionEvent> stream) {
        // Written down as well, so that the watch for secrets reads it.
        ended = stream.doOnNext(new EventLogger())
                .doOnNext(event -> {
                    events.add(event);
                    all.tryEmitNext(event);
                })
                .then()
                .toFuture();
    }

    static Heard of(ReactiveConnectionRegistry registry) {
        return new Heard(registry.events());
    }

    /** Everything, once the registry has closed. */
    List<ConnectionEvent> untilClosed(ReactiveConnectionRegistry registry) throws Exception {
        Borrowing.close(registry);
        ended.get(Borrowing.PATIENCE.toSeconds(), TimeUnit.SECONDS);
        return events;
    }

    /** The first event that came or comes of a kind. */
    <E extends ConnectionEvent> E first(Class<E> kind) {
        return kind.cast(first(kind::isInstance));
    }

    ConnectionEvent first(Predicate<ConnectionEvent> wanted) {
        return all.asFlux().filter(wanted).blockFirst(Borrowing.PATIENCE);
    }
}
