package dev.switchboard.core;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** One borrower's place in the queue, and then its right to one connection of its name. */
final class Ticket {

    private enum State {
        NEW,
        WAITING,
        GRANTED,
        ENTERED,
        RETURNED
    }

    private final Lane lane;
    private final Admission admission;
    private final @Nullable Supplier<? extends Throwable> stuck;
    private final Sinks.Empty<Void> admitted = Sinks.empty();
    private State state = State.NEW;
    private boolean isDrawn;
    private int seen;
    private @Nullable Consumer<BudgetStatus> whenWaiting;

    Ticket(Lane lane, @Nullable Supplier<? extends Throwable> stuck) {
        this.lane = lane;
        this.admission = lane.admission();
        this.stuck = stuck;
    }

    /** A ticket whose holder waited for nobody. */
    static Ticket entered(Lane lane) {
        Ticket entered = new Ticket(lane, null);
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
        state = State.WAITING;
        Supplier<? extends Throwable> refusal = lane.join(this);
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
            if (state != State.GRANTED) {
                return false;
            }
            state = State.ENTERED;
            seen = lane.returns();
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
            if (held) {
                lane.returned(isDrawn);
            } else if (state == State.WAITING) {
                lane.leaves(this);
            }
            state = state == State.ENTERED && !entered ? State.ENTERED : State.RETURNED;
            return held;
        });
    }

    // ---- under the lock

    /** The error of a borrower that may not wait; null for one that may. */
    @Nullable
    Supplier<? extends Throwable> stuck() {
        return stuck;
    }

    void granted() {
        state = State.GRANTED;
        admission.afterwards(admitted::tryEmitEmpty);
    }

    void drawn() {
        isDrawn = true;
    }

    void dismissed(Supplier<? extends Throwable> reason) {
        state = State.RETURNED;
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
