package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What tickets promise fits into the caps, whatever became of the connects: a promise without a socket would wait in a pool. */
class BudgetPromiseTests {

    /** An idle connection. */
    private static final class Idle implements Permit.Held {

        private final Permit permit;
        private boolean claimed;

        Idle(Permit permit) {
            this.permit = permit;
        }

        @Override
        public long lastUsedNanos() {
            return 0;
        }

        @Override
        public boolean isIdle() {
            return !claimed;
        }

        @Override
        public boolean claim() {
            boolean first = !claimed;
            claimed = true;
            return first;
        }

        @Override
        public void close(BudgetStatus cap) {
            permit.closed();
        }

        @Override
        public boolean isMovable() {
            return true;
        }

        @Override
        public boolean claimToMove() {
            return claim();
        }
    }

    /** Takes everything from everybody. */
    private record Anything(AtomicInteger taken) implements Mover {

        @Override
        public Object likeness() {
            return "alike";
        }

        @Override
        public boolean keepsIdle() {
            return false;
        }

        @Override
        public boolean wants(Permit.Held idle) {
            return true;
        }

        @Override
        public boolean fits(Permit.Held idle) {
            return false;
        }

        @Override
        public void take(Permit.Held claimed, Permit permit) {
            taken.incrementAndGet();
            permit.takenOver(new Idle(permit));
        }
    }

    /** What is closing counts in its name until it is closed, so that nothing comes in its place before. */
    @Test
    void nothingMovesToANameWhoseSocketsAreNotClosedYet() {
        Admission admission = new Admission(ConnectionBudget.builder().build());
        AdmissionQueue host = new AdmissionQueue(admission, "host:1");
        AtomicInteger moved = new AtomicInteger();
        AdmissionQueue.Size one = new AdmissionQueue.Size(1, 100, null, new Anything(moved));
        Lane full = host.lane("full", one, IllegalStateException::new, () -> {});
        Lane other = host.lane("other", one, IllegalStateException::new, () -> {});
        Ticket before = full.ticket();
        Permit closing = connecting(full, before);
        closing.opened(new Idle(closing));
        closing.leaving();
        before.giveBack();
        Ticket idle = other.ticket();
        Permit spare = connecting(other, idle);
        spare.opened(new Idle(spare));
        idle.giveBack();

        Ticket waiting = full.ticket();
        assertThat(served(waiting)).isTrue();
        assertThat(moved).hasValue(0);
        assertThat(full.connect()).isNull();
        waiting.giveBack();
        closing.closed();
        assertThat(served(full.ticket())).isTrue();
        assertThat(moved).hasValue(1);
        assertThat(admission.look(() -> List.of(
                        full.quota().sockets(),
                        other.quota().sockets(),
                        host.quota().sockets())))
                .containsExactly(1, 0, 1);
    }

    private static Lane lane(AdmissionQueue host, String name) {
        return host.lane(name, new AdmissionQueue.Size(10, 100), IllegalStateException::new, () -> {});
    }

    private static boolean served(Ticket ticket) {
        AtomicBoolean admitted = new AtomicBoolean();
        ticket.admitted().subscribe(ignored -> {}, refused -> {}, () -> admitted.set(true));
        return admitted.get() && ticket.enter();
    }

    private static Permit connecting(Lane lane, Ticket ticket) {
        assertThat(served(ticket)).isTrue();
        return Objects.requireNonNull(lane.connect());
    }

    @Test
    void roomIsMadeBesideConnectsThatWereGivenUp() {
        Admission admission = new Admission(
                ConnectionBudget.builder().total(8).controlPermits(0).reserve(0).build());
        Lane dead = lane(new AdmissionQueue(admission, "dead:1"), "dead");
        AdmissionQueue host = new AdmissionQueue(admission, "alive:1");
        Lane idle = lane(host, "idle");
        Lane wanting = lane(host, "wanting");
        for (int i = 0; i < 2; i++) {
            Ticket ticket = dead.ticket();
            connecting(dead, ticket).leaving();
            ticket.giveBack();
        }
        List<Idle> kept = new ArrayList<>();
        List<Ticket> held = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Ticket ticket = idle.ticket();
            Permit permit = connecting(idle, ticket);
            kept.add(new Idle(permit));
            permit.opened(kept.get(i));
            held.add(ticket);
        }
        held.forEach(Ticket::giveBack);

        assertThat(served(wanting.ticket())).isTrue();
        assertThat(kept.stream().filter(connection -> connection.claimed)).hasSize(1);
        assertThat(wanting.connect()).isNotNull();
    }

    @Test
    void whatEachHostDrawsFromItsReserveIsNotLentAgain() {
        Admission admission = new Admission(ConnectionBudget.builder()
                .total(20)
                .perHost(5)
                .controlPermits(1)
                .reserve(1)
                .build());
        for (int i = 0; i < 5; i++) {
            Lane lane = lane(new AdmissionQueue(admission, "host:" + i), "name" + i);
            for (int borrower = 0; borrower < 3; borrower++) {
                assertThat(served(lane.ticket())).isTrue();
            }
            if (i < 4) {
                assertThat(served(lane.ticket(IllegalStateException::new))).isTrue();
            }
        }
        Lane last = lane(new AdmissionQueue(admission, "host:5"), "last");
        for (int borrower = 0; borrower < 3; borrower++) {
            served(last.ticket());
        }
        assertThat(admission.look(() -> admission.total().promised())).isLessThanOrEqualTo(19);
    }
}
