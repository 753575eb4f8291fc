package dev.switchboard.routing;

import java.util.function.Supplier;
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
 * @param reasons why it is so, for {@link RoutingConnectionFactory#explain()}
 */
public record PartialRoute(
        @Nullable String connectionName,
        boolean readOnly,
        @Nullable Object preparationKey,
        boolean preventsWrites,
        @Nullable WriteWatch watch,
        RouteReasons reasons) {

    /**
     * A route that prevents nothing and that nobody watches.
     *
     * @param connectionName the name so far, or null
     * @param readOnly whether a replica may serve it
     * @param preparationKey what the session is prepared for, or null
     */
    public PartialRoute(@Nullable String connectionName, boolean readOnly, @Nullable Object preparationKey) {
        this(connectionName, readOnly, preparationKey, false, null, RouteReasons.NONE);
    }

    /**
     * Another name.
     *
     * @param name a name of the registry, or null for none
     * @return a copy
     */
    public PartialRoute withConnectionName(@Nullable String name) {
        return new PartialRoute(name, readOnly, preparationKey, preventsWrites, watch, reasons);
    }

    /**
     * Another access mode.
     *
     * @param onlyReads whether a replica may serve it
     * @return a copy
     */
    public PartialRoute withReadOnly(boolean onlyReads) {
        return new PartialRoute(connectionName, onlyReads, preparationKey, preventsWrites, watch, reasons);
    }

    /**
     * Another preparation key.
     *
     * @param key what the session is prepared for, or null for nothing
     * @return a copy
     */
    public PartialRoute withPreparationKey(@Nullable Object key) {
        return new PartialRoute(connectionName, readOnly, key, preventsWrites, watch, reasons);
    }

    /**
     * A session that refuses writes, or one that does not.
     *
     * @param prevents whether it refuses them
     * @return a copy
     */
    public PartialRoute withPreventedWrites(boolean prevents) {
        return new PartialRoute(connectionName, readOnly, preparationKey, prevents, watch, reasons);
    }

    /**
     * Somebody who hears what is written on the connection.
     *
     * @param writes belongs to this one route; null for nobody
     * @return a copy
     */
    public PartialRoute withWatch(@Nullable WriteWatch writes) {
        return new PartialRoute(connectionName, readOnly, preparationKey, preventsWrites, writes, reasons);
    }

    /**
     * Says why the route is what it is now. A router that says nothing is named without a reason.
     *
     * @param reason a few words without anything secret; they may be logged at DEBUG
     * @return a copy
     */
    public PartialRoute because(String reason) {
        return because(() -> reason);
    }

    /**
     * The same for words that are only put together when somebody reads them.
     *
     * @param reason makes a few words without anything secret; called on any thread, not at all or more than once
     * @return a copy
     */
    public PartialRoute because(Supplier<String> reason) {
        return new PartialRoute(
                connectionName, readOnly, preparationKey, preventsWrites, watch, reasons.and(connectionName, reason));
    }

    /** Where a router has led it elsewhere and said nothing, that much is said. */
    @SuppressWarnings("ReferenceEquality") // All reasons are equal; whether some were added is what counts.
    PartialRoute after(PartialRoute before) {
        return reasons == before.reasons && !equals(before) ? because("a router led here and gave no reason") : this;
    }
}
