package dev.switchboard.core;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The preparation of one pool: skips what is right already, and refuses a key that nobody would establish. */
final class Preparation {

    private final ConnectionDefinition definition;
    private final @Nullable SessionPreparation preparation;
    /** The database of the log-in, to which a session that comes from another name is brought; else null. */
    private final @Nullable String atLogin;

    private Preparation(
            ConnectionDefinition definition, @Nullable SessionPreparation preparation, @Nullable String atLogin) {
        this.definition = definition;
        this.preparation = preparation;
        this.atLogin = atLogin;
    }

    /** The preparation of a pool, whose sessions may come from other names if they are {@code moving}. */
    static Preparation of(ConnectionDefinition definition, DriverSheet sheet, boolean moving) {
        String schema = definition.schema();
        if (schema != null) {
            return new Preparation(definition, SchemaPreparation.of(schema, sheet, definition), null);
        }
        String database = moving && Likeness.usesDatabases(sheet) ? Likeness.standingPlace(definition) : null;
        return database == null
                ? new Preparation(definition, definition.preparation(), null)
                : new Preparation(definition, SchemaPreparation.of(database, sheet, definition), database);
    }

    /** What a session is prepared for by its log-in; null where that is nothing. */
    @Nullable
    Object fromTheStart() {
        return atLogin;
    }

    /** Refuses, before anything is taken, a route that nobody here could prepare a session for. */
    void refuse(Route route) {
        if ((preparation == null || atLogin != null) && route.preparationKey() != null) {
            throw new UnsupportedFeatureException(
                    definition.name(),
                    DriverSheet.of(definition.driver()).product(),
                    "a route with a preparation key on a connection without session preparation",
                    "Give the definition a schema or a session preparation");
        }
    }

    /** Brings a session to what its borrower needs; one that comes from another name is made this one's first. */
    Mono<Void> establish(PhysicalConnection physical, SlotPool.SessionRequest request, SlotPool pool) {
        return physical.isForeign()
                ? adopted(physical, pool)
                        .then(Mono.defer(() -> own(physical, request, pool)))
                        .doOnSuccess(done -> physical.settled())
                : own(physical, request, pool);
    }

    private Mono<Void> adopted(PhysicalConnection physical, SlotPool pool) {
        Duration limit = pool.options().resetTimeout();
        MovingPool mover = pool.mover();
        return SessionReset.forAnother(physical, mover == null || mover.keepsStatements())
                .timeout(limit, Mono.error(() -> late(limit, pool)), pool.timer());
    }

    private Mono<Void> own(PhysicalConnection physical, SlotPool.SessionRequest request, SlotPool pool) {
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
