package dev.switchboard.routing;

import org.jspecify.annotations.Nullable;

/**
 * A route while routers narrow it.
 *
 * @param connectionName the name so far: what the user chose, or the registry's default, or what an earlier router made of
 *     it; null where nothing gave a name yet
 * @param readOnly whether a replica may serve it
 * @param preparationKey what the session is prepared for, compared by {@code equals}; null where nothing is prepared
 */
public record PartialRoute(
        @Nullable String connectionName,
        boolean readOnly,
        @Nullable Object preparationKey) {

    /**
     * Another name.
     *
     * @param name a name of the registry, or null for none
     * @return a copy
     */
    public PartialRoute withConnectionName(@Nullable String name) {
        return new PartialRoute(name, readOnly, preparationKey);
    }

    /**
     * Another access mode.
     *
     * @param onlyReads whether a replica may serve it
     * @return a copy
     */
    public PartialRoute withReadOnly(boolean onlyReads) {
        return new PartialRoute(connectionName, onlyReads, preparationKey);
    }

    /**
     * Another preparation key.
     *
     * @param key what the session is prepared for, or null for nothing
     * @return a copy
     */
    public PartialRoute withPreparationKey(@Nullable Object key) {
        return new PartialRoute(connectionName, readOnly, key);
    }
}
