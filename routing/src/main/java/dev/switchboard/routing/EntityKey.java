package dev.switchboard.routing;

import java.util.Objects;

/**
 * Says which part of the model a query is about. Written as {@link Routing#usingEntity(Class)}; an {@link EntityRouter} knows
 * where that part lives.
 *
 * @param type the class of the entity
 */
public record EntityKey(Class<?> type) implements RoutingHint {

    /**
     * Refuses a missing class.
     *
     * @param type the class of the entity
     */
    public EntityKey {
        Objects.requireNonNull(type, "type");
    }

    /** {@return the hint in words} */
    @Override
    public String toString() {
        return "entity " + type.getSimpleName();
    }
}
