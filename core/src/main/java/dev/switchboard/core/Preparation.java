package dev.switchboard.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The preparation of one pool: skips what is right already, and refuses a key that nobody would establish. */
final class Preparation {

    private final ConnectionDefinition definition;
    private final @Nullable SessionPreparation preparation;

    private Preparation(ConnectionDefinition definition, @Nullable SessionPreparation preparation) {
        this.definition = definition;
        this.preparation = preparation;
    }

    static Preparation of(ConnectionDefinition definition, DriverSheet sheet) {
        String schema = definition.schema();
        return new Preparation(
                definition,
                schema == null ? definition.preparation() : SchemaPreparation.of(schema, sheet, definition));
    }

    /** Refuses, before anything is taken, a route that nobody here could prepare a session for. */
    void refuse(Route route) {
        if (preparation == null && route.preparationKey() != null) {
            throw new UnsupportedFeatureException(
                    definition.name(),
                    DriverSheet.of(definition.driver()).product(),
                    "a route with a preparation key on a connection without session preparation",
                    "Give the definition a schema or a session preparation");
        }
    }

    Mono<Void> establish(PhysicalConnection physical, SlotPool.SessionRequest request, SlotPool pool) {
        Mono<Void> prepared = prepared(physical, request, pool);
        if (request.route().preventsWrites() == physical.preventsWrites()) {
            return prepared;
        }
        Duration limit = pool.options().resetTimeout();
        return prepared.then(Mono.defer(() -> WritePrevention.establish(physical, request.route(), pool)))
                .timeout(limit, Mono.error(() -> late(limit, pool)), pool.timer());
    }

    private Mono<Void> prepared(PhysicalConnection physical, SlotPool.SessionRequest request, SlotPool pool) {
        SessionPreparation session = preparation;
        if (session == null) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
            Object wanted = session.wanted(request.route(), request.context());
            if (wanted.equals(physical.prepared())) {
                return Mono.empty();
            }
            physical.prepared(null);
            Duration limit = pool.options().resetTimeout();
            return Mono.from(pool.offload(Flux.defer(() -> session.prepare(physical.driver(), wanted))))
                    .timeout(limit, Mono.error(() -> late(limit, pool)), pool.timer())
                    .then(Mono.fromRunnable(() -> physical.prepared(wanted)));
        });
    }

    private AcquireTimeoutException late(Duration limit, SlotPool pool) {
        return AcquireTimeoutException.preparing(definition.name(), limit, pool.counts());
    }
}
