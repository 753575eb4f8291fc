package dev.switchboard.routing;

import dev.switchboard.core.ConnectionOverride;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * All routing hints of one scope: immutable, one hint of each kind, one entry of the Reactor Context. Routers read it.
 */
public final class RouteHints {

    private static final Object KEY = RouteHints.class;
    private static final RouteHints NONE = new RouteHints(Map.of(), false, null, false);

    private final Map<Class<?>, RoutingHint> byKind;
    private final boolean locked;
    /** Null unless the detector of leaks is on. */
    private final @Nullable SharedScope shared;

    /** Whether nothing else was asked for, where a scope without hints may be one that has lost them. */
    private final boolean whole;

    private RouteHints(Map<Class<?>, RoutingHint> byKind, boolean locked, @Nullable SharedScope shared, boolean whole) {
        this.byKind = byKind;
        this.locked = locked;
        this.shared = shared;
        this.whole = whole;
    }

    /**
     * Reads the hints of a scope.
     *
     * @param context the Context of a subscriber
     * @return its hints; empty, never null, where it has none
     */
    public static RouteHints from(ContextView context) {
        RouteHints hints = context.getOrDefault(KEY, null);
        return hints == null ? NONE : hints;
    }

    /**
     * The hint of one kind.
     *
     * @param type the hint's class
     * @param <T> the hint's class
     * @return the hint, or null where the scope has none of this class
     */
    public <T extends RoutingHint> @Nullable T get(Class<T> type) {
        RoutingHint hint = byKind.get(type);
        return type.isInstance(hint) ? type.cast(hint) : null;
    }

    /**
     * The connection name that was chosen with {@link Routing#usingConnection(String)}.
     *
     * @return the name, or null where none was chosen, or where {@link Routing#usingDefaultConnection()} dropped it
     */
    public @Nullable String connectionName() {
        RoutingKey key = get(RoutingKey.class);
        return key == null ? null : key.name();
    }

    /**
     * Whether {@link Routing#usingDefaultConnection()} was written. A scope without any name uses the default too; here
     * somebody asked for it.
     *
     * @return true where the default was asked for
     */
    public boolean asksForDefaultConnection() {
        return byKind.get(RoutingKey.class) == DefaultConnection.DEFAULT;
    }

    /**
     * The access mode that was chosen.
     *
     * @return the mode, or null where none was chosen
     */
    public @Nullable AccessMode accessMode() {
        return get(AccessMode.class);
    }

    /**
     * The override that was chosen with {@link Routing#usingOptions}.
     *
     * @return the override, or null where none was chosen, or one that changes nothing
     */
    public @Nullable ConnectionOverride override() {
        OverrideHint hint = get(OverrideHint.class);
        return hint == null || hint.changesNothing() ? null : hint.override();
    }

    /**
     * Whether this scope has no hint at all.
     *
     * @return true where it has none
     */
    public boolean isEmpty() {
        return byKind.isEmpty();
    }

    Collection<RoutingHint> all() {
        return byKind.values();
    }

    @Nullable
    RoutingHint ofKind(Class<?> kind) {
        return byKind.get(kind);
    }

    RouteHints with(RoutingHint hint) {
        RoutingHint existing = byKind.get(hint.kind());
        RoutingHint merged = hint.mergedInto(existing);
        if (merged.equals(existing)) {
            return shared == null ? this : new RouteHints(byKind, locked, shared.with(hint), whole);
        }
        if (locked) {
            throw RouteConflictException.locked(this, hint);
        }
        Map<Class<?>, RoutingHint> changed = new LinkedHashMap<>(byKind);
        changed.put(hint.kind(), merged);
        return new RouteHints(changed, false, shared == null ? null : shared.with(hint), whole);
    }

    /** The hints of another scope in the place of these, which a detector may watch. */
    RouteHints replacedBy(RouteHints others) {
        SharedScope scope = shared;
        if (scope != null) {
            for (RoutingHint hint : others.all()) {
                scope = scope.with(hint);
            }
        }
        return new RouteHints(others.byKind, locked || others.locked, scope, true);
    }

    /** Takes in what a connection is about, where that is not decided yet. */
    RouteHints about(EntityKey entity) {
        Map<Class<?>, RoutingHint> more = new LinkedHashMap<>(byKind);
        more.put(EntityKey.class, entity);
        return new RouteHints(more, locked, shared, whole);
    }

    /** Whether these are all that was asked for, and none was lost on the way. */
    boolean isWhole() {
        return whole;
    }

    /** The same for somebody who reads where others write. */
    RouteHints withoutReading() {
        boolean reads = byKind.get(AccessMode.class) == AccessMode.READ_ONLY;
        return reads ? new RouteHints(withoutAccessMode(), locked, shared, whole) : this;
    }

    /** What leads to a database, apart from what is done there. */
    Map<Class<?>, RoutingHint> withoutAccessMode() {
        Map<Class<?>, RoutingHint> rest = new LinkedHashMap<>(byKind);
        rest.remove(AccessMode.class);
        return rest;
    }

    boolean isLocked() {
        return locked;
    }

    RouteHints lock() {
        return locked ? this : new RouteHints(byKind, true, shared, whole);
    }

    RouteHints sharedBy(SharedSubscriber<?> subscriber) {
        return new RouteHints(byKind, locked, new SharedScope(subscriber, List.of(), shared), whole);
    }

    /** The same for whoever keeps them longer than a subscriber lives. */
    RouteHints unshared() {
        return shared == null ? this : new RouteHints(byKind, locked, null, whole);
    }

    @Nullable
    SharedScope shared() {
        return shared;
    }

    Context writeInto(Context context) {
        return context.put(KEY, this);
    }

    /** Two scopes are equal when their hints are; a lock decides about writing and not about the route. */
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof RouteHints that && byKind.equals(that.byKind));
    }

    @Override
    public int hashCode() {
        return byKind.hashCode();
    }

    /** {@return the hints in words, such as {@code [connection 'orders', READ_ONLY]}} */
    @Override
    public String toString() {
        return byKind.values().stream()
                .sorted(Comparator.comparing(hint -> hint.kind().getSimpleName()))
                .map(Object::toString)
                .collect(Collectors.joining(", ", "[", "]"));
    }
}
