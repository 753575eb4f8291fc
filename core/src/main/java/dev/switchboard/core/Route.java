package dev.switchboard.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection comes from: decided once, when a connection is first needed, and fixed from then on.
 *
 * @param connectionName the name in the registry
 * @param readOnly whether a replica may serve it
 * @param preparationKey what the session is prepared for, compared by {@code equals} and never read by this module; null
 *     where the session needs no preparation
 * @param override what is merged over the definition of that name, or null for nothing
 * @param preventsWrites whether the session refuses to write, or the statements are guarded where it cannot
 */
public record Route(
        String connectionName,
        boolean readOnly,
        @Nullable Object preparationKey,
        @Nullable ConnectionOverride override,
        boolean preventsWrites) {

    /**
     * Refuses a missing name.
     *
     * @param connectionName the name in the registry
     * @param readOnly whether a replica may serve it
     * @param preparationKey what the session is prepared for, or null
     * @param override what is merged over the definition, or null
     * @param preventsWrites whether the session refuses to write
     */
    public Route {
        Objects.requireNonNull(connectionName, "connectionName");
    }

    /**
     * A route to a name as it is registered.
     *
     * @param connectionName the name in the registry
     * @param readOnly whether a replica may serve it
     * @param preparationKey what the session is prepared for, or null
     */
    public Route(String connectionName, boolean readOnly, @Nullable Object preparationKey) {
        this(connectionName, readOnly, preparationKey, null, false);
    }

    /**
     * A route on which a write is no error of its own.
     *
     * @param connectionName the name in the registry
     * @param readOnly whether a replica may serve it
     * @param preparationKey what the session is prepared for, or null
     * @param override what is merged over the definition, or null
     */
    public Route(
            String connectionName,
            boolean readOnly,
            @Nullable Object preparationKey,
            @Nullable ConnectionOverride override) {
        this(connectionName, readOnly, preparationKey, override, false);
    }

    /**
     * A read-write route without preparation.
     *
     * @param connectionName the name in the registry
     * @return the route
     */
    public static Route to(String connectionName) {
        return new Route(connectionName, false, null);
    }

    /** How errors name the connection. */
    String shownName() {
        return override == null ? connectionName : override.over(connectionName);
    }
}
