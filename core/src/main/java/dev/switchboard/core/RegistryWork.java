package dev.switchboard.core;

import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Scheduler;

/**
 * Work that goes on beside the queries of a registry, such as watching its servers. This is the seam for the layers above:
 * programs need none of it.
 */
public final class RegistryWork {

    private final RegistryCore core;

    private RegistryWork(RegistryCore core) {
        this.core = core;
    }

    /**
     * The work of a registry.
     *
     * @param registry the registry
     * @return the seam; the same work for each one that is made
     */
    public static RegistryWork of(ReactiveConnectionRegistry registry) {
        return new RegistryWork(
                Objects.requireNonNull(registry, "registry").connections().core());
    }

    /** {@return what runs the deadlines of the registry and tells the time} */
    public Scheduler timer() {
        return core.timer();
    }

    /**
     * Subscribes to a stream now, and asks it for everything. It is nothing that {@link ReactiveConnectionRegistry#quiescent()}
     * waits for, and must see by itself when the registry is closed.
     *
     * @param stream what is to be done; must not fail and must not block
     * @return ends it
     */
    public Disposable keepGoing(Publisher<?> stream) {
        return core.background().listening(Flux.from(stream));
    }
}
