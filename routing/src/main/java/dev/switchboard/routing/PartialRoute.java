package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/**
 * A route while routers narrow it.
 *
 * @param connectionName the name so far: what the user chose, or the registry's default, or what an earlier router made of
 *     it; null where nothing gave a name yet
 * @param readOnly whether a replica may serve it
 * @param preparationKey what the session is prepared for, compared by {@code equals}; null where nothing is prepared
 * @param preventsWrites whether the session refuses writes
 * @param watch hears what is written on the connection; null where nobody must
 */
public record PartialRoute(
        @Nullable String connectionName,
        boolean readOnly,
        @Nullable Object preparationKey,
        boolean preventsWrites,
        @Nullable WriteWatch watch) {

    /**
     * A route that prevents nothing and that nobody watches.
     *
     * @param connectionName the name so far, or null
     * @param readOnly whether a replica may serve it
     * @param preparationKey what the session is prepared for, or null
     */
    public PartialRoute(@Nullable String connectionName, boolean readOnly, @Nullable Object preparationKey) {
        this(connectionName, readOnly, preparationKey, false, null);
    }

    /**
     * Another name.
     *
     * @param name a name of the registry, or null for none
     * @return a copy
     */
    public PartialRoute withConnectionName(@Nullable String name) {
        return new PartialRoute(name, readOnly, preparationKey, preventsWrites, watch);
    }

    /**
     * Another access mode.
     *
     * @param onlyReads whether a replica may serve it
     * @return a copy
     */
    public PartialRoute withReadOnly(boolean onlyReads) {
        return new PartialRoute(connectionName, onlyReads, preparationKey, preventsWrites, watch);
    }

    /**
     * Another preparation key.
     *
     * @param key what the session is prepared for, or null for nothing
     * @return a copy
     */
    public PartialRoute withPreparationKey(@Nullable Object key) {
        return new PartialRoute(connectionName, readOnly, key, preventsWrites, watch);
    }

    /**
     * A session that refuses writes, or one that does not.
     *
     * @param prevents whether it refuses them
     * @return a copy
     */
    public PartialRoute withPreventedWrites(boolean prevents) {
        return new PartialRoute(connectionName, readOnly, preparationKey, prevents, watch);
    }

    /**
     * Somebody who hears what is written on the connection.
     *
     * @param writes belongs to this one route; null for nobody
     * @return a copy
     */
    public PartialRoute withWatch(@Nullable WriteWatch writes) {
        return new PartialRoute(connectionName, readOnly, preparationKey, preventsWrites, writes);
    }
}
