package dev.switchboard.routing;

import dev.switchboard.core.ConnectionOverride;

/** Brings other options for the connection that the other hints lead to. */
record OverrideHint(ConnectionOverride override) implements RoutingHint {

    boolean changesNothing() {
        return override.isEmpty();
    }

    @Override
    public String toString() {
        return changesNothing() ? "no override" : "override " + override;
    }
}
