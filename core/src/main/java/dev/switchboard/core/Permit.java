package dev.switchboard.core;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The right to one socket, from before it is connected until it is closed. Handed out only where every cap has room for it, so
 * no cap is exceeded whoever forgets to ask for less.
 */
final class Permit {

    /** A connection as the queue sees it. */
    interface Held {

        /** When it was used last, on the clock of its pool. */
        long lastUsedNanos();

        boolean isIdle();

        /** Takes it out of use for good; false where it is not idle any more. Called under the lock. */
        boolean claim();

        /** Closes what was claimed, in the background; told is the cap that was in the way. */
        void close(BudgetStatus cap);

        /** Whether it may go to another name as it is now. Called under the lock. */
        default boolean isMovable() {
            return false;
        }

        /** Takes it from its name for another one; false where it is not idle any more. Called under the lock. */
        default boolean claimToMove() {
            return false;
        }
    }

    private final AdmissionQueue queue;
    private final Quota.Use use;
    /** Changed under the lock, and only while nobody else has the connection. */
    private volatile @Nullable Lane lane;

    private @Nullable Held held;
    private boolean connecting = true;
    private boolean leaving;
    private boolean gone;

    /** Called under the lock; a permit without a lane is for a control connection. */
    Permit(AdmissionQueue queue, @Nullable Lane lane) {
        this.queue = queue;
        this.lane = lane;
        this.use = lane == null ? Quota.Use.CONTROL : Quota.Use.ORDINARY;
        quota().socket(use, 1);
        if (lane != null) {
            lane.connects();
        }
    }

    private Quota quota() {
        Lane mine = lane;
        return mine == null ? queue.quota() : mine.quota();
    }

    /** The connection is open. */
    void opened(Held connection) {
        change(() -> {
            held = connection;
            arrived(leaving ? null : this);
            queue.admission().knocked();
            return true;
        });
    }

    /** The connection, which was another name's, is one of the lane's now. */
    void takenOver(Held connection) {
        change(() -> {
            held = connection;
            Lane mine = lane;
            if (mine != null) {
                mine.delivered();
            }
            queue.admission().knocked();
            return true;
        });
    }

    /** Nobody will use the connection any more, though its socket is still there. */
    void leaving() {
        change(this::left);
    }

    /** The socket is closed, or never came; idempotent. */
    void closed() {
        change(() -> {
            if (gone) {
                return false;
            }
            gone = true;
            arrived(null);
            left();
            quota().socket(use, -1);
            queue.admission().knocked();
            return true;
        });
    }

    private void change(BooleanSupplier change) {
        queue.admission().change(lane, change::getAsBoolean);
    }

    // ---- under the lock

    private void arrived(@Nullable Permit opened) {
        Lane mine = lane;
        if (connecting && mine != null) {
            mine.arrived(opened, leaving);
        }
        connecting = false;
    }

    private boolean left() {
        boolean isNew = !leaving;
        leaving = true;
        Lane mine = lane;
        if (isNew && mine != null) {
            mine.loses(this, connecting);
        }
        return isNew;
    }

    boolean isIdle() {
        return held != null && held.isIdle();
    }

    boolean isOlderThan(@Nullable Permit other) {
        Held mine = held;
        Held its = other == null ? null : other.held;
        return mine != null && (its == null || mine.lastUsedNanos() - its.lastUsedNanos() < 0);
    }

    /** Closes an idle connection to make room below a cap; false where it is not idle any more. */
    boolean reclaimed(Quota full) {
        Held idle = held;
        Lane mine = lane;
        if (mine == null || idle == null || !idle.claim()) {
            return false;
        }
        left();
        mine.quota().reclaimed();
        mine.recount();
        BudgetStatus cap = BudgetStatus.of(full);
        queue.admission().afterwards(() -> idle.close(cap));
        return true;
    }

    /** Whether it may go to a lane that takes connections over in this way. */
    boolean isFor(Mover mover) {
        Held mine = held;
        return mine != null && mine.isMovable() && mover.wants(mine);
    }

    /** Which of the two is better for that lane: one that stands right already, else the longer idle one. */
    Permit betterFor(Mover mover, @Nullable Permit other) {
        Held mine = held;
        Held its = other == null ? null : other.held;
        if (mine == null || other == null || its == null) {
            return this;
        }
        boolean fits = mover.fits(mine);
        return (fits == mover.fits(its) ? isOlderThan(other) : fits) ? this : other;
    }

    /** Goes to another lane with its connection, so that no count of sockets but those of the two changes; false where it is not idle. */
    boolean movedTo(Lane next, Mover mover) {
        Held idle = held;
        Lane before = lane;
        if (before == null || idle == null || !idle.claimToMove()) {
            return false;
        }
        held = null;
        before.loses(this, false);
        before.quota().socket(use, -1);
        before.quota().moved();
        before.recount();
        lane = next;
        next.quota().socket(use, 1);
        next.gains(this);
        next.recount();
        queue.admission().afterwards(() -> mover.take(idle, this));
        return true;
    }
}
