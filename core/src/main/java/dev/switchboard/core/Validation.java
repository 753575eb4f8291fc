package dev.switchboard.core;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.ValidationDepth;
import java.util.function.Consumer;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The question whether a connection is alive, which ends within the validation time-out of its pool. */
final class Validation {

    private Validation() {}

    /** False where it is not, with the reason told where there is one; never an error. */
    static Mono<Boolean> of(
            PhysicalConnection connection, SlotPool pool, ValidationDepth depth, Consumer<Throwable> failed) {
        return Mono.from(pool.offload(Flux.defer(() -> asked(connection, pool.options(), depth))))
                .timeout(pool.options().validationTimeout(), pool.timer())
                .defaultIfEmpty(false)
                .onErrorResume(failure -> {
                    failed.accept(failure);
                    return Mono.just(false);
                });
    }

    private static Publisher<Boolean> asked(PhysicalConnection connection, PoolOptions options, ValidationDepth depth) {
        String query = options.validationQuery();
        return query == null
                ? connection.validate(depth)
                : Flux.from(connection.driver().createStatement(query).execute())
                        .flatMap(Result::getRowsUpdated)
                        .then(Mono.just(true));
    }
}
