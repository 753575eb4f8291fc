package dev.switchboard.core;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is, by deficit round robin. A round gives every member its quantum. First come those who were not served in
 * the round yet, in the order in which they began to wait; then whoever brings a connection along goes on with it, as long as
 * its quantum lasts, since that costs no new connection; then the others. A new round begins when nobody has anything left.
 *
 * <p>So a member that has just begun to wait is overtaken by no other member more often than that one's quantum. One that cannot be
 * served at the moment, since it needs a connection opened and no more may be, keeps its place in the round; those who need none
 * are served meanwhile, as often as they come, and of those who need one no other more often than its quantum. Whoever stops
 * waiting and comes back within the round finds what was left. Guarded by the lock of its {@link Admission}.
 */
final class Turns<M extends Turns.Member> {

    /** Somebody who waits now and then. */
    abstract static class Member {

        private long round;
        private int left;
        private boolean waits;

        /** How often it may be served in a round. */
        abstract int quantum();
    }

    private final Set<M> fresh = new LinkedHashSet<>();
    private final Set<M> going = new LinkedHashSet<>();
    private final Set<M> spent = new LinkedHashSet<>();
    private long round = 1;

    boolean isEmpty() {
        return fresh.isEmpty() && going.isEmpty() && spent.isEmpty();
    }

    /** Begins to wait, unless it does already, or no longer waits. */
    void waits(M member, boolean waits) {
        Member state = member;
        if (state.waits == waits) {
            return;
        }
        state.waits = waits;
        if (waits) {
            placeOf(state).add(member);
        } else {
            removed(member);
        }
    }

    /**
     * Serves one member, the first in turn who can be served.
     *
     * @param own who brings a connection along, or null
     * @param serving serves a member, or tells that it cannot and changes nothing
     */
    boolean serve(@Nullable M own, Predicate<M> serving) {
        if (first(fresh, serving)) {
            return true;
        }
        if (own != null && going.contains(own) && served(own, serving)) {
            return true;
        }
        return first(going, serving) || first(spent, serving);
    }

    private boolean first(Set<M> members, Predicate<M> serving) {
        for (M member : members) {
            if (served(member, serving)) {
                return true;
            }
        }
        return false;
    }

    private boolean served(M member, Predicate<M> serving) {
        Member state = member;
        boolean beginsRound = state.round == round && state.left == 0;
        if (!serving.test(member)) {
            return false;
        }
        if (beginsRound) {
            begin();
        }
        if (state.round != round) {
            state.round = round;
            state.left = member.quantum();
        }
        state.left--;
        if (state.waits) {
            removed(member);
            placeOf(state).add(member);
        }
        return true;
    }

    private void begin() {
        round++;
        List<M> everybody = new ArrayList<>(going);
        everybody.addAll(spent);
        going.clear();
        spent.clear();
        fresh.addAll(everybody);
    }

    private Set<M> placeOf(Member member) {
        if (member.round != round) {
            return fresh;
        }
        return member.left > 0 ? going : spent;
    }

    private void removed(M member) {
        fresh.remove(member);
        going.remove(member);
        spent.remove(member);
    }
}
