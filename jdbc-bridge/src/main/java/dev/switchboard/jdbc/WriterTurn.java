package dev.switchboard.jdbc;

import io.r2dbc.spi.R2dbcTimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One connection's part in the lane of its database. A task that must wait for its turn is parked here, and with it the
 * connection's queue, until the lane answers. Used on the worker, but for {@link #withdraw}.
 */
final class WriterTurn {

    /** What becomes of a task. */
    enum Answer {
        RUN,
        WAIT,
        REFUSE
    }

    private static final AtomicLong COUNT = new AtomicLong();

    private final @Nullable WriterLane lane;
    private final String target;
    private final Runnable resume;
    private final String self = "connection " + COUNT.incrementAndGet();
    private volatile CommandQueue.@Nullable Task parked;
    private volatile WriterLane.@Nullable Claim claim;
    private boolean timeOfStatement;

    /**
     * The part of one connection.
     *
     * @param lane the lane, null where the database orders its writers itself
     * @param target what is written to, for error messages
     * @param resume goes on with the queue when a wait has ended, on the worker
     */
    WriterTurn(@Nullable WriterLane lane, String target, Runnable resume) {
        this.lane = lane;
        this.target = target;
        this.resume = resume;
    }

    /** {@return how errors name this connection} */
    @Override
    public String toString() {
        return self;
    }

    /** The task that waited, to be asked about again; null if none did. */
    CommandQueue.@Nullable Task unpark() {
        CommandQueue.Task task = parked;
        parked = null;
        return task;
    }

    /** Whether the task may run; one that waits is parked, and {@code resume} is called when the wait has ended. */
    Answer admit(CommandQueue.Task task) {
        WriterLane.Claim made = claim;
        if (made == null) {
            return lane == null ? Answer.RUN : ask(lane, task);
        }
        return switch (made.state()) {
            case HELD, GIVEN_BACK -> Answer.RUN;
            case WAITING -> {
                parked = task;
                yield Answer.WAIT;
            }
            case TIMED_OUT -> Answer.REFUSE;
            case WITHDRAWN -> {
                claim = null;
                // One that is gone finds that out by itself; another one was behind it when it left, and asks anew.
                yield task.isGone() || lane == null ? Answer.RUN : ask(lane, task);
            }
        };
    }

    private Answer ask(WriterLane free, CommandQueue.Task task) {
        WriteAccess access = task.access();
        if (access.need() == WriteAccess.Need.NONE) {
            return Answer.RUN;
        }
        String who = holder(access);
        WriterLane.Claim made = free.claimIfFree(who);
        if (made != null || access.need() == WriteAccess.Need.IF_FREE) {
            claim = made;
            return Answer.RUN;
        }
        // Set before the claim, whose end may already be read when this line returns; resume comes back to this thread.
        parked = task;
        timeOfStatement = access.ofStatement();
        made = free.claim(who, access.patience(), resume);
        claim = made;
        if (task.isGone()) {
            made.withdraw();
        }
        return Answer.WAIT;
    }

    /** Ends the wait of a task, or of any if null; from any thread, after the task was marked as gone. */
    void withdraw(CommandQueue.@Nullable Task task) {
        CommandQueue.Task waiting = parked;
        WriterLane.Claim made = claim;
        if (made != null && waiting != null && (task == null || waiting == task)) {
            made.withdraw();
        }
    }

    /**
     * Whether the task that follows writes as well, and the turn is still young. Handing it over to another connection changes
     * threads, which takes as long as a small change.
     */
    boolean lastsFor(CommandQueue.@Nullable Task following) {
        WriterLane.Claim made = claim;
        if (made == null || following == null || !made.mayGoOn()) {
            return false;
        }
        try {
            WriteAccess access = following.access();
            return access.need() == WriteAccess.Need.TURN && made.isOf(holder(access));
        } catch (RuntimeException unknown) {
            // It is asked again before it runs, and told then.
            return false;
        }
    }

    private String holder(WriteAccess access) {
        return access.name().isEmpty() ? self : "transaction '" + access.name() + "' on " + self;
    }

    /** Gives the right back unless it is still needed. */
    void settle(boolean stillNeeded) {
        WriterLane.Claim made = claim;
        if (made != null && !stillNeeded) {
            claim = null;
            made.giveBack();
        }
    }

    /** The error of a task that waited in vain. */
    R2dbcTimeoutException timedOut() {
        WriterLane.Claim made = claim;
        claim = null;
        return new R2dbcTimeoutException(
                "Writing to " + target + " waited " + (made == null ? "" : made.patience()) + " for its turn: "
                        + (made == null ? "somebody" : made.heldBy())
                        + " has been writing. Keep transactions short, or wait longer ("
                        + (timeOfStatement ? "the statement time-out" : "lockWaitTimeout") + ").",
                timeOfStatement ? "57014" : "55P03");
    }
}
