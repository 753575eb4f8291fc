package dev.switchboard.routing;

import java.util.LinkedHashSet;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Lets so many subscriptions work at a time; the others wait in the order in which they came. Whoever leaves is out. */
final class Turnstile {

    /** One subscription. Its field belongs to the lock of the turnstile. */
    private static final class Pass {

        private final Sinks.Empty<Void> call = Sinks.empty();
        private boolean inside;
    }

    private final int most;
    private final Set<Pass> waiting = new LinkedHashSet<>();
    private int inside;

    Turnstile(int most) {
        this.most = most;
    }

    <T> Mono<T> through(Mono<T> work) {
        return Mono.defer(() -> {
            Pass pass = new Pass();
            return enter(pass).then(work).doFinally(signal -> leave(pass));
        });
    }

    private Mono<Void> enter(Pass pass) {
        synchronized (this) {
            if (inside < most) {
                inside++;
                pass.inside = true;
                return Mono.empty();
            }
            waiting.add(pass);
        }
        return pass.call.asMono();
    }

    private void leave(Pass pass) {
        Pass next = null;
        synchronized (this) {
            waiting.remove(pass);
            if (!pass.inside) {
                return;
            }
            if (waiting.isEmpty()) {
                inside--;
            } else {
                next = waiting.iterator().next();
                waiting.remove(next);
                next.inside = true;
            }
        }
        if (next != null) {
            next.call.tryEmitEmpty();
        }
    }
}
