package dev.switchboard.routing;

import dev.switchboard.core.Route;
import java.util.List;

/**
 * Where a chain goes, and why. A snapshot: what decides has been asked as a query would have asked it, and the next query asks
 * again, so a selector may choose another replica for it. Where the chain is inside a transaction whose connection is decided, it is
 * that decision itself.
 *
 * @param hints what the chain has asked for
 * @param route where it goes
 * @param fixed whether a connection has been decided for it already, inside of a transaction
 * @param reasons why, the first reason first: a connection name and what led to it. Texts of routers that gave one; nothing
 *     secret is among them unless a router of yours says it
 */
public record RouteExplanation(RouteHints hints, Route route, boolean fixed, List<String> reasons) {

    /**
     * Copies the reasons.
     *
     * @param hints what the chain has asked for
     * @param route where it goes
     * @param fixed whether it has been decided already
     * @param reasons why
     */
    public RouteExplanation {
        reasons = List.copyOf(reasons);
    }

    /** {@return all of it in one line, for people} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Route to ")
                .append(Shown.quoted(route.connectionName()))
                .append(route.override() == null ? "" : " with the override " + route.override())
                .append(route.readOnly() ? ", only reading" : ", reading and writing")
                .append(route.preventsWrites() ? ", writes prevented" : "")
                .append(route.preparationKey() == null ? "" : ", in a prepared session")
                .append(fixed ? ", on the connection of the transaction" : "")
                .append(", for ")
                .append(hints.isEmpty() ? "no routing hint" : hints);
        reasons.forEach(reason -> text.append("; ").append(reason));
        return text.toString();
    }
}
