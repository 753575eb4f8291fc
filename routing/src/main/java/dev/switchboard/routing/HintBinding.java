package dev.switchboard.routing;

import dev.switchboard.core.Route;
import dev.switchboard.core.RouteBinding;
import io.r2dbc.spi.Connection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Ties one connection handle to the hints of the Context in which it was asked for, and guards its statements.
 *
 * <p>A statement may repeat what the handle was made for, or leave it out; it may narrow a read-write handle to reading. It
 * may not change or add anything else, since no router is asked again: what a new hint would route to is not known here.
 * One addition is known to change nothing, the name of the default connection on a handle that took the default, and is let
 * through where no router stands behind it.
 */
final class HintBinding implements RouteBinding {

    private static final Logger LOGGER = LoggerFactory.getLogger(HintBinding.class);

    private final RoutingRules rules;
    private volatile RouteHints held;
    private final ContextView captured;
    private final boolean contextExpected;
    private final @Nullable String defaultName;
    private volatile boolean narrowedToReadOnly;
    private volatile boolean readWriteAsked;
    private volatile boolean used;
    private RoutingRules.@Nullable Narrowed decided;

    HintBinding(RoutingRules rules, ContextView captured, boolean contextExpected) {
        this.rules = rules;
        this.held = RouteHints.from(captured);
        this.captured = captured;
        this.contextExpected = contextExpected;
        this.defaultName = rules.registry().defaultConnection();
    }

    @Override
    public Mono<Route> resolve(boolean readOnlyTransaction) {
        return Mono.defer(() -> {
            used = true;
            narrowedToReadOnly = onlyReads(readOnlyTransaction);
            return narrow(readOnlyTransaction).map(this::decide);
        });
    }

    private boolean onlyReads(boolean readOnlyTransaction) {
        AccessMode mode = held.accessMode();
        return mode == null ? readOnlyTransaction && !readWriteAsked : mode.onlyReads();
    }

    private Mono<RoutingRules.Narrowed> narrow(boolean readOnlyTransaction) {
        boolean onlyReads = onlyReads(readOnlyTransaction);
        boolean prevented = held.accessMode() == AccessMode.READ_ONLY_ENFORCED;
        RoutingHint chosen = held.ofKind(RoutingKey.class);
        PartialRoute start = new PartialRoute(name(), onlyReads, null, prevented, null, RouteReasons.NONE)
                .because(chosen instanceof RoutingKey ? "chosen by name" : "the default of the registry");
        PartialRoute told = onlyReads && held.accessMode() == null ? start.because("a read-only transaction") : start;
        return rules.narrow(told, held).contextWrite(ignored -> held.writeInto(Context.of(captured)));
    }

    /** What was decided, or would be now; decides nothing. */
    Mono<RouteExplanation> explain(boolean readOnlyTransaction) {
        return Mono.defer(() -> {
            RoutingRules.Narrowed known = decided();
            return known == null
                    ? narrow(readOnlyTransaction).map(narrowed -> explanation(narrowed, false))
                    : Mono.just(explanation(known, true));
        });
    }

    /** The same for a statement of this Context inside of a transaction on this connection. */
    Mono<RouteExplanation> explain(ContextView inside, boolean readOnlyTransaction) {
        HintBinding asked = this;
        if (decided() == null) {
            // What is not decided yet must not be decided by asking.
            asked = new HintBinding(rules, captured, contextExpected);
            asked.held = held;
            asked.used = used;
            asked.readWriteAsked = readWriteAsked;
        }
        if (!RouteHints.from(inside).isEmpty()) {
            asked.check(inside);
        }
        return asked.explain(readOnlyTransaction);
    }

    private RouteExplanation explanation(RoutingRules.Narrowed narrowed, boolean fixed) {
        return new RouteExplanation(
                held, narrowed.route(), fixed, narrowed.reasons().texts());
    }

    /** The first one holds, so that who watches is always who watches this route. */
    private Route decide(RoutingRules.Narrowed narrowed) {
        synchronized (this) {
            RoutingRules.Narrowed first = decided;
            if (first != null) {
                return first.route();
            }
            decided = narrowed;
        }
        RouteListeners listeners = RouteListeners.from(captured);
        if (listeners != null) {
            listeners.tell(narrowed.route(), held);
        }
        if (LOGGER.isDebugEnabled()) {
            LOGGER.debug("{}", explanation(narrowed, false));
        }
        return narrowed.route();
    }

    private synchronized RoutingRules.@Nullable Narrowed decided() {
        return decided;
    }

    @Override
    public void check(ContextView statementContext) {
        RouteHints asked = RouteHints.from(statementContext);
        if (asked.isEmpty() && !asked.isWhole()) {
            if (contextExpected && !held.isEmpty()) {
                rules.contextLost(name(), held);
            }
        } else if (!asked.equals(held)) {
            agree(asked);
        }
        used = true;
    }

    private void agree(RouteHints asked) {
        boolean agrees = true;
        EntityKey entity = null;
        for (RoutingHint hint : asked.all()) {
            if (hint instanceof EntityKey key && held.ofKind(EntityKey.class) == null) {
                entity = key;
            } else {
                agrees &= agrees(hint);
            }
        }
        if (!agrees || (asked.isWhole() && lacksHintsOfMine(asked)) || (entity != null && !takesIn(entity))) {
            throw RouteConflictException.onConnection(name(), held, asked);
        }
    }

    /** Whoever asks for less than the connection was made for, and has lost nothing, means another place. */
    private boolean lacksHintsOfMine(RouteHints asked) {
        return held.all().stream()
                .map(RoutingHint::kind)
                .filter(kind -> kind != AccessMode.class && kind != ReadConsistency.class)
                .filter(kind -> asked.ofKind(kind) == null)
                .anyMatch(kind -> kind != RoutingKey.class
                        || !choosesSameName(DefaultConnection.DEFAULT, held.ofKind(RoutingKey.class)));
    }

    /** The first statement may say what its connection is about: no router has been asked yet. */
    private synchronized boolean takesIn(EntityKey entity) {
        if (used || decided != null) {
            return entity.equals(held.ofKind(EntityKey.class));
        }
        held = held.about(entity);
        used = true;
        return true;
    }

    @Override
    public void sending(ContextView statementContext, boolean inReadOnlyTransaction) {
        RouteHints asked = RouteHints.from(statementContext);
        tellSharing(asked.shared() == null ? held : asked);
        WriteWatch watch = watch();
        if (watch == null) {
            return;
        }
        AccessMode mode = asked.accessMode() == null ? held.accessMode() : asked.accessMode();
        boolean onlyReads = onlyReads(held.accessMode()) || onlyReads(mode) || inReadOnlyTransaction;
        if (!onlyReads) {
            watch.writing(statementContext);
        } else if (!inReadOnlyTransaction) {
            watch.reading(statementContext);
        }
    }

    private static boolean onlyReads(@Nullable AccessMode mode) {
        return mode != null && mode.onlyReads();
    }

    private void tellSharing(RouteHints hints) {
        SharedScope shared = hints.shared();
        if (shared != null) {
            RoutingRules.Narrowed known = decided();
            Route route = known == null ? null : known.route();
            boolean prepared = route != null && route.preparationKey() != null;
            shared.fetched(
                    hints.unshared(),
                    new SharedFetch.Way(
                            route == null ? null : route.connectionName(),
                            prepared,
                            isReadOnly(),
                            rules.isPlain(),
                            defaultName));
        }
    }

    private @Nullable WriteWatch watch() {
        RoutingRules.Narrowed known = decided();
        return known == null ? null : known.watch();
    }

    @Override
    public void checkCommit() {
        WriteWatch watch = watch();
        if (watch != null) {
            watch.committing();
        }
    }

    @Override
    public Mono<Void> written(Connection connection) {
        WriteWatch watch = watch();
        return watch == null ? Mono.empty() : watch.written(connection);
    }

    @Override
    public void lost() {
        WriteWatch watch = watch();
        if (watch != null) {
            watch.lost();
        }
    }

    /**
     * Whether this is the route that a statement of this Context means, where there are several to choose from: nothing may be left
     * out then. A route that only reads serves those that only read.
     */
    boolean serves(RouteHints asked) {
        boolean onlyReads = held.accessMode() == AccessMode.READ_ONLY;
        return sameButForEntities(asked) && (!onlyReads || asked.accessMode() == AccessMode.READ_ONLY);
    }

    private boolean sameButForEntities(RouteHints asked) {
        EntityKey own = held.get(EntityKey.class);
        EntityKey other = asked.get(EntityKey.class);
        RouteHints wanted = own != null && other != null && rules.servesAlike(own, other) ? held.about(other) : held;
        return asked.withoutAccessMode().equals(wanted.withoutAccessMode());
    }

    private boolean agrees(RoutingHint asked) {
        if (asked == AccessMode.READ_ONLY) {
            return true;
        }
        if (asked instanceof ReadConsistency consistency) {
            // The primary gives every consistency.
            return !isReadOnly() || consistency.isMetBy(held.get(ReadConsistency.class));
        }
        if (asked == AccessMode.READ_WRITE) {
            readWriteAsked = true;
            return !isReadOnly();
        }
        RoutingHint own = held.ofKind(asked.kind());
        if (asked instanceof EntityKey entity && own instanceof EntityKey known) {
            return entity.equals(known) || rules.servesAlike(known, entity);
        }
        if (own == null && asked instanceof OverrideHint override && override.changesNothing()) {
            return true;
        }
        return asked.equals(own) || (asked.kind() == RoutingKey.class && choosesSameName(asked, own));
    }

    private boolean isReadOnly() {
        AccessMode mode = held.accessMode();
        return (mode != null && mode.onlyReads()) || narrowedToReadOnly;
    }

    private boolean choosesSameName(RoutingHint asked, @Nullable RoutingHint own) {
        boolean bothDefault = asked == DefaultConnection.DEFAULT && own == null;
        return bothDefault || (rules.isPlain() && Objects.equals(nameOf(asked), nameOf(own)));
    }

    /** The name that the routers start from: fixed with the handle, whatever the registry's default becomes later. */
    private @Nullable String name() {
        return nameOf(held.ofKind(RoutingKey.class));
    }

    private @Nullable String nameOf(@Nullable RoutingHint chosen) {
        return chosen instanceof RoutingKey key ? key.name() : defaultName;
    }

    @Override
    public ContextView capturedContext() {
        return captured;
    }

    @Override
    public String productName() {
        return rules.productName();
    }
}
