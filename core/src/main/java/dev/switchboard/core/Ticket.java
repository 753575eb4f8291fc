package dev.switchboard.core;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One borrower's place in the queue, and then its right to one connection of its name. */
final class Ticket {

    /** What a ticket has to do with others that are granted together with it. */
    record Member(JointAdmission.Place place, JointAdmission joint, JointLine line) {}

    private enum State {
        NEW,
        /** Beside its lane, until its joint admission collects. */
        PARKED,
        WAITING,
        /** Set aside, where it belongs to a joint admission that has not got everything yet. */
        GRANTED,
        ENTERED,
        RETURNED
    }

    private final Lane lane;
    private final Admission admission;
    private final @Nullable Supplier<? extends Throwable> stuck;
    private final boolean holds;
    private final @Nullable Member member;
    private final Sinks.Empty<Void> admitted = Sinks.empty();
    private State state = State.NEW;
    private boolean isDrawn;
    /** One of several that are granted together; null where it is the second one of its place. */
    private @Nullable JointAdmission joint;

    private int seen;
    private @Nullable Consumer<BudgetStatus> whenWaiting;

    /**
     * A ticket that was not asked for yet.
     *
     * @param stuck the error of a borrower that may not wait; null for one that may
     * @param holds whether its chain holds a connection already
     */
    Ticket(Lane lane, @Nullable Supplier<? extends Throwable> stuck, boolean holds, @Nullable Member member) {
        this.lane = lane;
        this.admission = lane.admission();
        this.stuck = stuck;
        this.holds = holds;
        this.member = member;
    }

    /** A ticket whose holder waited for nobody. */
    static Ticket entered(Lane lane) {
        Ticket entered = new Ticket(lane, null, false, null);
        entered.state = State.ENTERED;
        return entered;
    }

    /** Who is to know the cap when the borrower begins to wait at one; told outside of the lock. */
    void whenWaiting(Consumer<BudgetStatus> told) {
        whenWaiting = told;
    }

    /** Joins the queue at subscription and completes when the borrower may enter its pool. */
    Mono<Void> admitted() {
        return Mono.defer(() -> {
            Supplier<? extends Throwable> refusal = admission.change(lane, this::join);
            return refusal == null ? admitted.asMono() : Mono.error(refusal.get());
        });
    }

    private @Nullable Supplier<? extends Throwable> join() {
        if (state != State.NEW) {
            return null;
        }
        Supplier<? extends Throwable> refusal = lane.refusal(member != null);
        if (refusal == null && member != null && member.joint().arrives(this, member, holds)) {
            state = State.PARKED;
            joint = member.joint();
            lane.park(this);
            admission.afterwards(joint::proceed);
            return null;
        }
        state = State.WAITING;
        refusal = refusal == null ? lane.join(this) : refusal;
        if (refusal != null) {
            state = State.RETURNED;
        } else if (state == State.WAITING) {
            tellThatItWaits();
        }
        return refusal;
    }

    private void tellThatItWaits() {
        Consumer<BudgetStatus> told = whenWaiting;
        BudgetStatus cap = told == null || !lane.isBudgeted() ? null : lane.inTheWay(Quota.Use.ORDINARY);
        if (told != null && cap != null) {
            admission.afterwards(() -> told.accept(cap));
        }
    }

    /** The borrower enters its pool: from here on only {@link #giveBack()} returns the ticket. False when it left. */
    boolean enter() {
        return admission.look(() -> {
            if (state != State.GRANTED || isAside()) {
                return false;
            }
            state = State.ENTERED;
            seen = lane.returns();
            if (joint != null) {
                lane.setAside(this, false);
            }
            return true;
        });
    }

    /** Completes when the pool may have what was promised: there is room, or somebody brought a connection back. */
    Mono<Void> room() {
        return admission.room(() -> {
            boolean free = lane.mayConnect() || seen != lane.returns();
            seen = free ? lane.returns() : seen;
            return free;
        });
    }

    /** The borrower leaves before it entered its pool; afterwards this does nothing. */
    void leave() {
        giveBack(false);
    }

    /** Returns the ticket; idempotent. */
    void giveBack() {
        giveBack(true);
    }

    private void giveBack(boolean entered) {
        admission.change(lane, () -> {
            boolean held = state == State.GRANTED || (state == State.ENTERED && entered);
            if (held || state == State.WAITING || state == State.PARKED) {
                takeOut();
            }
            state = state == State.ENTERED && !entered ? State.ENTERED : State.RETURNED;
            leaveJoint();
            return held;
        });
    }

    // ---- of a joint admission

    /** From now on it waits in its lane. */
    void collected(int round) {
        admission.change(lane, () -> {
            JointAdmission of = joint;
            boolean waits = state == State.PARKED && of != null && of.isCollecting(round);
            if (waits) {
                state = State.WAITING;
                lane.collect(this);
            }
            return waits;
        });
    }

    /** Goes beside its lane again; true where it had been set aside, or left. */
    boolean scattered() {
        return admission.change(lane, () -> {
            boolean wasThere = state == State.GRANTED;
            if (wasThere || state == State.WAITING) {
                takeOut();
                state = State.PARKED;
                lane.park(this);
            }
            return wasThere || state != State.PARKED;
        });
    }

    /** It will not be granted. */
    void refused(@Nullable Supplier<? extends Throwable> reason) {
        admission.change(lane, () -> {
            boolean waits = state == State.PARKED || state == State.WAITING || state == State.GRANTED;
            if (waits && reason != null) {
                takeOut();
                dismissed(reason);
            }
            return waits;
        });
    }

    /** All tickets of its joint admission are there. */
    void tell() {
        admitted.tryEmitEmpty();
    }

    Lane lane() {
        return lane;
    }

    // ---- under the lock

    /** The error of a borrower that may not wait; null for one that may. */
    @Nullable
    Supplier<? extends Throwable> stuck() {
        return stuck;
    }

    /** Whether it passes those who hold nothing. */
    boolean holds() {
        return holds || isLateMember();
    }

    /** Whether a borrower with this ticket holds something by others that are granted with it, and so must not wait. */
    boolean isLateMember() {
        return member != null && joint == null;
    }

    private boolean isAside() {
        return joint != null && !joint.isGranted();
    }

    void granted() {
        state = State.GRANTED;
        if (joint == null) {
            admission.afterwards(admitted::tryEmitEmpty);
            return;
        }
        lane.setAside(this, true);
        Runnable next = joint.setAside();
        if (next != null) {
            admission.afterwards(next);
        }
    }

    /** Waits again, so that somebody gets what was set aside for it; false where it is too late for that. */
    boolean takenBack() {
        if (state != State.GRANTED || joint == null || !joint.takenBack()) {
            return false;
        }
        lane.takeBack(this);
        state = State.WAITING;
        return true;
    }

    /** Out of its lane, wherever it stands there. */
    private void takeOut() {
        boolean held = state == State.GRANTED || state == State.ENTERED;
        if (state == State.GRANTED && joint != null) {
            lane.setAside(this, false);
        }
        if (held) {
            lane.returned(isDrawn);
        } else {
            lane.leaves(this);
        }
    }

    private void leaveJoint() {
        if (joint != null && member != null) {
            joint.left(member.place(), this);
            admission.afterwards(joint::proceed);
        }
    }

    void drawn() {
        isDrawn = true;
    }

    void dismissed(Supplier<? extends Throwable> reason) {
        state = State.RETURNED;
        leaveJoint();
        admission.afterwards(() -> admitted.tryEmitError(reason.get()));
    }

    /** Tells a borrower with a ticket that what it was promised is still being closed elsewhere. */
    static final class NoRoomException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        NoRoomException() {
            super("No room for a connection yet", null, false, false);
        }
    }
}
