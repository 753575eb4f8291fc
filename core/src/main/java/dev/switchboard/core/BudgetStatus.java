package dev.switchboard.core;

import org.jspecify.annotations.Nullable;

/**
 * How one scope of a connection budget stood at one moment; exact when nothing is under way.
 *
 * @param scope the connection name, the host or group, or {@code the registry}
 * @param open sockets, from before they are connected until they are closed, with those that are on loan to nobody because they
 *     are closing or stop what another connection is doing
 * @param counts how they are used, and the cap as {@code max}; {@link Integer#MAX_VALUE} where there is none
 * @param reclaimed how often an idle connection was closed so far to make room for another one
 * @param moved how often an idle connection went to another name of its host instead; of a name, those that left it
 */
public record BudgetStatus(String scope, int open, PoolCounts counts, long reclaimed, long moved) {

    static BudgetStatus none() {
        return new BudgetStatus("the registry", 0, new PoolCounts(0, 0, 0, 0, Integer.MAX_VALUE), 0, 0);
    }

    static ErrorFacts facts(ErrorFacts facts, @Nullable BudgetStatus inTheWay) {
        return inTheWay == null
                ? facts
                : facts.and("cap", ErrorText.name(inTheWay.scope()))
                        .and("capMax", inTheWay.counts().max())
                        .and("capOpen", inTheWay.open());
    }

    /** The scope and its counts, in brackets; nothing where there is none. */
    static String words(@Nullable BudgetStatus inTheWay) {
        return inTheWay == null ? "" : " (" + inTheWay.inWords() + ")";
    }

    /** The scope and its counts. */
    String inWords() {
        return ErrorText.name(scope) + " has " + open + " of " + counts.max() + " connections open: in use "
                + counts.inUse() + ", idle " + counts.idle() + ", opening " + counts.opening() + ", waiting "
                + counts.waiting();
    }

    /** Both of one scope together, as where a name has one connection that writes and others that only query. */
    BudgetStatus and(BudgetStatus other) {
        return new BudgetStatus(
                scope, open + other.open, counts.and(other.counts), reclaimed + other.reclaimed, moved + other.moved);
    }

    /** Called under the lock. */
    static BudgetStatus of(Quota quota) {
        int inUse = Math.max(0, quota.promised() - quota.opening() - quota.spare());
        return new BudgetStatus(
                quota.scope(),
                quota.sockets(),
                new PoolCounts(
                        inUse,
                        quota.spare(),
                        quota.opening(),
                        quota.waiting(),
                        quota.cap().most()),
                quota.timesReclaimed(),
                quota.timesMoved());
    }
}
