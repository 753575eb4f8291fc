package dev.switchboard.jdbc;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.core.Disposables;

/**
 * The right to write to one database, which this process hands to one connection at a time, in the order in which they
 * asked. Whoever waits for it waits without a thread, where the database itself would only let it try again and again.
 */
final class WriterLane {
    /** How long somebody may go on writing while others wait; a change of threads costs as much as a small change of rows. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final Map<Object, WriterLane> LANES = new HashMap<>();

    private final Object database;
    private final Deque<Claim> waiting = new ArrayDeque<>();
    private @Nullable Claim holder;
    private int users;

    private WriterLane(Object database) {
        this.database = database;
    }

    /** The lane of a database, kept until everybody who joined it has left. */
    static WriterLane join(Object database) {
        synchronized (LANES) {
            WriterLane lane = LANES.computeIfAbsent(database, WriterLane::new);
            lane.users++;
            return lane;
        }
    }

    void leave() {
        synchronized (LANES) {
            users--;
            if (users == 0) {
                LANES.remove(database);
            }
        }
    }

    static int count() {
        synchronized (LANES) {
            return LANES.size();
        }
    }

    /** Takes the right if nobody has it or waits for it. */
    @Nullable
    Claim claimIfFree(String who) {
        synchronized (waiting) {
            if (holder != null || !waiting.isEmpty()) {
                return null;
            }
            Claim claim = new Claim(who, Duration.ZERO, () -> {});
            claim.hold();
            return claim;
        }
    }

    /** Takes the right, or waits for it for so long; then {@code ended} runs once, whatever ended the wait. */
    Claim claim(String who, Duration patience, Runnable ended) {
        Claim claim = new Claim(who, patience, ended);
        boolean free;
        synchronized (waiting) {
            free = holder == null;
            if (free) {
                claim.hold();
            } else {
                waiting.add(claim);
            }
        }
        if (free) {
            ended.run();
        } else {
            claim.waitFor(patience);
        }
        return claim;
    }

    int waitingCount() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    /** How a claim stands. */
    enum State {
        WAITING,
        HELD,
        TIMED_OUT,
        WITHDRAWN,
        GIVEN_BACK
    }

    /** What one connection has or waits for. */
    final class Claim {
        private final String who;
        private final Duration patience;
        private final Runnable ended;
        private final Disposable.Swap timer = Disposables.swap();
        private volatile State state = State.WAITING;
        private long since;
        private String heldBy = "";

        private Claim(String who, Duration patience, Runnable ended) {
            this.who = who;
            this.patience = patience;
            this.ended = ended;
        }

        State state() {
            return state;
        }

        boolean isOf(String whoever) {
            return who.equals(whoever);
        }

        /** Whether whoever has the right may go on with it: while nobody waits, and for a moment when somebody does. */
        boolean mayGoOn() {
            synchronized (waiting) {
                return waiting.isEmpty() || System.nanoTime() - since < TURN_NANOS;
            }
        }

        Duration patience() {
            return patience;
        }

        /** Who had the right when the wait ended in vain, and since when. */
        String heldBy() {
            return heldBy;
        }

        private void waitFor(Duration time) {
            timer.replace(Workers.later(time, () -> stopWaiting(State.TIMED_OUT)));
            if (state != State.WAITING) {
                timer.dispose();
            }
        }

        private void hold() {
            holder = this;
            state = State.HELD;
            since = System.nanoTime();
        }

        /** Does nothing for a claim that no longer waits. */
        void withdraw() {
            stopWaiting(State.WITHDRAWN);
        }

        private void stopWaiting(State outcome) {
            synchronized (waiting) {
                if (state != State.WAITING) {
                    return;
                }
                waiting.remove(this);
                state = outcome;
                Claim other = holder;
                heldBy = other == null ? "another connection" : other.description();
            }
            timer.dispose();
            ended.run();
        }

        private String description() {
            long millis = (System.nanoTime() - since) / 1_000_000;
            return who + " for " + Duration.ofMillis(millis);
        }

        void giveBack() {
            Claim next;
            synchronized (waiting) {
                state = State.GIVEN_BACK;
                next = waiting.poll();
                holder = null;
                if (next != null) {
                    next.hold();
                }
            }
            if (next != null) {
                next.timer.dispose();
                next.ended.run();
            }
        }
    }
}
