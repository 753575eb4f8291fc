package dev.switchboard.routing;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was asked of a database inside of a stream that several subscribers share.
 *
 * @param found the hints that led there
 * @param written those of them that were written inside of the shared stream, in their order: the same for every subscriber
 * @param way where they led
 */
record SharedFetch(RouteHints found, List<RoutingHint> written, Way way) {

    /**
     * Where a fetch went.
     *
     * @param connectionName the connection that it used, or null where that is not known
     * @param prepared whether the session was prepared for somebody
     * @param readOnly whether a replica may have served it
     * @param plain whether no router stands behind names
     * @param defaultName the name that stands for none
     */
    record Way(
            @Nullable String connectionName,
            boolean prepared,
            boolean readOnly,
            boolean plain,
            @Nullable String defaultName) {}

    /** Whether a subscriber with these hints would have been led there as well, as far as hints can tell. */
    boolean serves(RouteHints subscriber) {
        Map<Class<?>, RoutingHint> own = new LinkedHashMap<>();
        subscriber.all().forEach(hint -> own.put(hint.kind(), hint));
        try {
            written.forEach(hint -> own.put(hint.kind(), hint.mergedInto(own.get(hint.kind()))));
        } catch (RuntimeException refused) {
            return false;
        }
        Set<Class<?>> kinds = new HashSet<>(own.keySet());
        found.all().forEach(hint -> kinds.add(hint.kind()));
        return kinds.stream().allMatch(kind -> isAlike(kind, own.get(kind), found.ofKind(kind)));
    }

    private boolean isAlike(Class<?> kind, @Nullable RoutingHint own, @Nullable RoutingHint led) {
        if (Objects.equals(own, led)) {
            return true;
        }
        if (kind == AccessMode.class) {
            return !way.readOnly() || (own instanceof AccessMode mode && mode.onlyReads());
        }
        if (kind == ReadConsistency.class) {
            return !way.readOnly()
                    || (own instanceof ReadConsistency wanted
                            && led instanceof ReadConsistency held
                            && wanted.isMetBy(held));
        }
        if (kind == OverrideHint.class) {
            return changesNothing(own) && changesNothing(led);
        }
        if (kind == RoutingKey.class) {
            return (isDefault(own) && isDefault(led)) || (way.plain() && Objects.equals(nameOf(own), nameOf(led)));
        }
        return isFixed();
    }

    /** Whether the stream itself names the very connection that it used: then nothing else decides. */
    private boolean isFixed() {
        return !way.prepared()
                && written.stream()
                        .anyMatch(hint -> hint instanceof RoutingKey key
                                && key.equals(found.ofKind(RoutingKey.class))
                                && key.name().equals(way.connectionName()));
    }

    private static boolean changesNothing(@Nullable RoutingHint hint) {
        return hint == null || (hint instanceof OverrideHint override && override.changesNothing());
    }

    private static boolean isDefault(@Nullable RoutingHint hint) {
        return hint == null || hint == DefaultConnection.DEFAULT;
    }

    private @Nullable String nameOf(@Nullable RoutingHint hint) {
        return hint instanceof RoutingKey key ? key.name() : way.defaultName();
    }
}
