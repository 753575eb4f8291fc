package dev.switchboard.core;

import org.jspecify.annotations.Nullable;

/**
 * How many connections one scope may have and has: a name, a host, the whole registry. What is counted in a name counts in its
 * host and in the registry as well. Guarded by the lock of its {@link Admission}.
 *
 * <p>Two counts matter. <em>Promised</em> connections are those that are open and stay open, and those that a borrower with a
 * ticket may open; they bound the tickets. <em>Sockets</em> are those that are really there, from before connect until closed;
 * they bound the connecting, so that a cap holds whatever was promised while another connection was closing.
 */
final class Quota {

    /** Who wants a connection. */
    enum Use {
        /** A borrower that holds nothing here. */
        ORDINARY,
        /** A borrower that holds a connection here already: nobody could go on if it waited for itself. */
        NESTED,
        /** A few words that stop what another connection is doing. */
        CONTROL
    }

    private final String scope;
    private final @Nullable Quota parent;
    private Cap cap = Cap.NONE;
    private int promised;
    private int sockets;
    private int controls;
    private int opening;
    private int spare;
    private int waiting;
    private int drawn;
    private long reclaimed;
    private long moved;

    Quota(String scope, @Nullable Quota parent) {
        this.scope = scope;
        this.parent = parent;
    }

    /**
     * The most connections of a scope.
     *
     * @param most how many at most
     * @param control how many of them only control connections get
     * @param reserve how many of them ordinary borrowers do not get
     * @param soft whether borrowers may go beyond it
     */
    record Cap(int most, int control, int reserve, boolean soft) {

        static final Cap NONE = new Cap(Integer.MAX_VALUE, 0, 0, false);

        boolean exists() {
            return most != Integer.MAX_VALUE;
        }

        int borrowers() {
            return most - control;
        }

        int ordinary() {
            return borrowers() - reserve;
        }
    }

    String scope() {
        return scope;
    }

    Cap cap() {
        return cap;
    }

    void cap(Cap next) {
        cap = next;
    }

    /** The narrowest scope in which no further connection can be promised; null where one can. */
    @Nullable
    Quota full(Use use) {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            if (!quota.cap.soft && quota.isFull(use)) {
                return quota;
            }
        }
        return null;
    }

    /** The narrowest scope that has more sockets than its cap allows; null where none has. */
    @Nullable
    Quota exceeded() {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            if (quota.cap.soft && quota.sockets > quota.cap.most) {
                return quota;
            }
        }
        return null;
    }

    private boolean isFull(Use use) {
        return use == Use.ORDINARY ? fromOrdinary() >= cap.ordinary() : promised >= cap.borrowers();
    }

    /** What is promised and not drawn from the reserve; a draw for the sake of another scope may not be one here. */
    private int fromOrdinary() {
        return promised - Math.min(drawn, cap.reserve());
    }

    /** Whether more is promised than the cap lets borrowers have, as after it was lowered. */
    boolean isOver() {
        return fromOrdinary() > cap.ordinary();
    }

    /** Whether one more socket may be opened here and in every wider scope. */
    boolean mayConnect(Use use) {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            if (!quota.mayConnectHere(use)) {
                return false;
            }
        }
        return true;
    }

    /** Whether this scope itself has room for one more socket, that is there already and counts in the wider ones. */
    boolean mayTakeOver() {
        return mayConnectHere(Use.ORDINARY);
    }

    private boolean mayConnectHere(Use use) {
        if (use == Use.CONTROL) {
            return cap.soft || sockets < cap.most;
        }
        return cap.soft || (sockets < cap.most && sockets - controls < cap.borrowers());
    }

    void promised(int now) {
        int change = now - promised;
        for (Quota quota = this; quota != null && change != 0; quota = quota.parent) {
            quota.promised += change;
        }
    }

    void spare(int now) {
        int change = now - spare;
        for (Quota quota = this; quota != null && change != 0; quota = quota.parent) {
            quota.spare += change;
        }
    }

    void waiting(int now) {
        int change = now - waiting;
        for (Quota quota = this; quota != null && change != 0; quota = quota.parent) {
            quota.waiting += change;
        }
    }

    void socket(Use use, int change) {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            quota.sockets += change;
            quota.controls += use == Use.CONTROL ? change : 0;
        }
    }

    void opening(int now) {
        int change = now - opening;
        for (Quota quota = this; quota != null && change != 0; quota = quota.parent) {
            quota.opening += change;
        }
    }

    /** A connection was promised out of the reserve, or such a promise has ended. */
    void drawn(int change) {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            quota.drawn += change;
        }
    }

    void reclaimed() {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            quota.reclaimed++;
        }
    }

    /** One of its connections went to another name. */
    void moved() {
        for (Quota quota = this; quota != null; quota = quota.parent) {
            quota.moved++;
        }
    }

    int promised() {
        return promised;
    }

    int sockets() {
        return sockets;
    }

    int controls() {
        return controls;
    }

    /** Promised and not open yet. */
    int opening() {
        return opening;
    }

    /** Open connections that nobody holds and nobody has a ticket for. */
    int spare() {
        return spare;
    }

    int waiting() {
        return waiting;
    }

    long timesReclaimed() {
        return reclaimed;
    }

    long timesMoved() {
        return moved;
    }
}
