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
    }

    private final AdmissionQueue queue;
    private final @Nullable Lane lane;
    private final Quota.Use use;
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
        return lane == null ? queue.quota() : lane.quota();
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
        if (connecting && lane != null) {
            lane.arrived(opened, leaving);
        }
        connecting = false;
    }

    private boolean left() {
        boolean isNew = !leaving;
        leaving = true;
        if (isNew && lane != null) {
            lane.loses(this, connecting);
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
        if (lane == null || idle == null || !idle.claim()) {
            return false;
        }
        left();
        lane.quota().reclaimed();
        lane.recount();
        BudgetStatus cap = BudgetStatus.of(full);
        queue.admission().afterwards(() -> idle.close(cap));
        return true;
    }
}
