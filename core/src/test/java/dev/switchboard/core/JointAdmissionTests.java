package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import reactor.test.scheduler.VirtualTimeScheduler;

/** Tickets that are granted together or not at all, on bare lanes. */
@Tag("once")
class JointAdmissionTests {

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final JointLine line = new JointLine(time);
    private final List<String> served = new ArrayList<>();
    private final Lane x = new AdmissionQueue().lane(1);
    private final Lane y = new AdmissionQueue().lane(1);

    @AfterEach
    void nobodyIsLeftInTheLine() {
        assertThat(line.isEmpty()).isTrue();
        time.dispose();
    }

    private Ticket asked(Ticket ticket, String who) {
        ticket.admitted()
                .subscribe(
                        ignored -> {},
                        failure -> served.add(who + " " + failure.getClass().getSimpleName()),
                        () -> {
                            if (ticket.enter()) {
                                served.add(who);
                            }
                        });
        return ticket;
    }

    private Ticket member(JointAdmission.Place place, Lane lane, String who) {
        return asked(place.ticket(lane, line, List.of()), who);
    }

    private Ticket holder(Lane lane, String who) {
        return asked(new Ticket(lane, null, true, null), who);
    }

    /** A piece of work that needs one connection of each lane. */
    private final class Joint {

        private final List<JointAdmission.Place> places = new ArrayList<>();
        private final List<Ticket> tickets = new ArrayList<>();

        Joint(String who, Lane... lanes) {
            JointAdmission joint = JointAdmission.of(lanes.length);
            for (Lane lane : lanes) {
                JointAdmission.Place place = joint.place();
                places.add(place);
                tickets.add(member(place, lane, who));
            }
        }

        void givesBack() {
            tickets.forEach(Ticket::giveBack);
        }

        void leaves() {
            tickets.forEach(Ticket::leave);
        }
    }

    private int taken() {
        return x.taken() + y.taken();
    }

    @Test
    void nobodyGoesOnBeforeAllHaveAsked() {
        JointAdmission joint = JointAdmission.of(2);
        Ticket first = member(joint.place(), x, "first");
        assertThat(served).isEmpty();
        assertThat(x.taken()).isZero();
        assertThat(x.waiting()).isEqualTo(1);
        Ticket second = member(joint.place(), y, "second");
        assertThat(served).containsExactly("first", "second");
        first.giveBack();
        second.giveBack();
        assertThat(taken()).isZero();
    }

    @Test
    void whoeverNeedsNoConnectionIsNotWaitedFor() {
        JointAdmission joint = JointAdmission.of(3);
        JointAdmission.Place needless = joint.place();
        Ticket first = member(joint.place(), x, "first");
        needless.ended();
        needless.ended();
        assertThat(served).isEmpty();
        member(joint.place(), y, "second");
        assertThat(served).containsExactly("first", "second");
        // Who comes after all holds the others' connections by now, and does not wait.
        member(needless, x, "late");
        assertThat(served).containsExactly("first", "second", "late BudgetDeadlockException");
        first.giveBack();
        member(needless, x, "again");
        assertThat(served).endsWith("again");
    }

    @Test
    void twoOverTheSameNamesInOppositeOrderComeOneAfterTheOther() {
        Ticket busy = asked(y.ticket(), "busy");
        Joint one = new Joint("one", x, y);
        Joint other = new Joint("other", y, x);
        assertThat(served).containsExactly("busy");
        busy.giveBack();
        assertThat(served).containsExactly("busy", "one", "one");
        one.givesBack();
        assertThat(served).containsExactly("busy", "one", "one", "other", "other");
        other.givesBack();
        assertThat(taken()).isZero();
    }

    @Test
    void whatIsSetAsideGoesToAChainThatHoldsAConnection() {
        Ticket held = asked(x.ticket(), "held");
        Joint joint = new Joint("joint", x, y);
        assertThat(y.taken()).isEqualTo(1);
        Ticket nested = holder(y, "nested");
        assertThat(served).containsExactly("held", "nested");
        asked(y.ticket(), "behind");
        nested.giveBack();
        held.giveBack();
        assertThat(served).containsExactly("held", "nested", "joint", "joint");
        joint.givesBack();
        assertThat(served).endsWith("behind");
    }

    @Test
    void aChainThatHoldsAConnectionPassesThoseWhoWaitForMore() {
        Ticket held = asked(x.ticket(), "held");
        Ticket busy = asked(y.ticket(), "busy");
        Joint joint = new Joint("joint", y, x);
        Ticket nested = holder(y, "nested");
        busy.giveBack();
        assertThat(served).containsExactly("held", "busy", "nested");
        nested.giveBack();
        held.giveBack();
        assertThat(served).endsWith("joint", "joint");
        joint.givesBack();
    }

    @Test
    void whatIsSetAsideIsLentToOthersWhenItTakesTooLong() {
        Ticket stuck = asked(x.ticket(), "stuck");
        Joint joint = new Joint("joint", x, y);
        Ticket behind = asked(y.ticket(), "behind");
        time.advanceTimeBy(Duration.ofMillis(999));
        assertThat(served).containsExactly("stuck");
        time.advanceTimeBy(Duration.ofMillis(1));
        assertThat(served).containsExactly("stuck", "behind");
        behind.giveBack();
        // Now it waits for what is scarce before it takes anything else.
        assertThat(y.taken()).isZero();
        Ticket later = asked(y.ticket(), "later");
        stuck.giveBack();
        assertThat(x.taken()).isEqualTo(1);
        assertThat(served).containsExactly("stuck", "behind", "later");
        later.giveBack();
        assertThat(served).endsWith("joint", "joint");
        joint.givesBack();
    }

    @Test
    void whoLeavesWhileItIsCollectedGivesEverythingBack() {
        Ticket stuck = asked(x.ticket(), "stuck");
        Joint joint = new Joint("joint", x, y);
        assertThat(y.taken()).isEqualTo(1);
        joint.leaves();
        assertThat(y.taken()).isZero();
        assertThat(x.waiting() + y.waiting()).isZero();
        stuck.giveBack();
        assertThat(taken()).isZero();
        assertThat(served).containsExactly("stuck");
    }

    @Test
    void oneThatLeavesAloneMayComeAgain() {
        Ticket stuck = asked(x.ticket(), "stuck");
        Joint joint = new Joint("joint", x, y);
        joint.tickets.get(0).leave();
        assertThat(y.taken()).isZero();
        stuck.giveBack();
        assertThat(served).containsExactly("stuck");
        Ticket again = member(joint.places.get(0), x, "again");
        assertThat(served).containsExactlyInAnyOrder("stuck", "joint", "again");
        again.giveBack();
        joint.givesBack();
        assertThat(taken()).isZero();
    }

    @Test
    void aPoolThatGoesSendsItsMemberAwayAndTheOthersWaitForItsReturn() {
        Ticket stuck = asked(y.ticket(), "stuck");
        Joint joint = new Joint("joint", x, y);
        x.close(IllegalStateException::new);
        assertThat(served).containsExactly("stuck", "joint IllegalStateException");
        assertThat(x.taken()).isZero();
        stuck.giveBack();
        Lane next = new AdmissionQueue().lane(1);
        Ticket again = member(joint.places.get(0), next, "again");
        assertThat(served).containsExactlyInAnyOrder("stuck", "joint IllegalStateException", "again", "joint");
        again.giveBack();
        joint.givesBack();
    }

    @Test
    void whatNoPoolAndNoCapCanGiveIsRefusedBeforeAnythingIsTaken() {
        new Joint("joint", x, y, x);
        assertThat(served).containsOnly("joint CapTooLowException").hasSize(3);
        assertThat(taken()).isZero();
        Admission admission = new Admission(
                ConnectionBudget.builder().total(6).controlPermits(1).reserve(1).build());
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            lanes.add(new AdmissionQueue(admission, "host" + i).lane(1));
        }
        served.clear();
        new Joint("joint", lanes.toArray(Lane[]::new));
        assertThat(served).containsOnly("joint CapTooLowException").hasSize(5);
        Joint fits = new Joint("fits", lanes.subList(0, 4).toArray(Lane[]::new));
        assertThat(served).endsWith("fits", "fits", "fits", "fits");
        fits.givesBack();
        assertThatThrownBy(() -> JointAdmission.of(0))
                .hasMessage("A joint admission was asked for 0 connections. Allowed: one or more.");
    }

    @Test
    void aChainThatHoldsAConnectionGetsAllAtOnceOrAnError() {
        Ticket held = asked(x.ticket(), "held");
        JointAdmission refused = JointAdmission.of(2);
        asked(refused.place().ticket(y, line, List.of("other")), "a");
        asked(refused.place().ticket(x, line, List.of("other")), "b");
        assertThat(served).containsExactly("held", "a BudgetDeadlockException", "b BudgetDeadlockException");
        assertThat(y.taken()).isZero();
        held.giveBack();
        JointAdmission free = JointAdmission.of(2);
        Ticket one = asked(free.place().ticket(y, line, List.of("other")), "c");
        Ticket other = asked(free.place().ticket(x, line, List.of("other")), "d");
        assertThat(served).endsWith("c", "d");
        one.giveBack();
        other.giveBack();
    }

    @Test
    void whatIsSetAsideIsNotBeingOpened() {
        Admission admission = new Admission(
                ConnectionBudget.builder().perHost(9).openingsPerHost(1).build());
        AdmissionQueue host = new AdmissionQueue(admission, "host");
        Joint joint = new Joint("joint", host.lane(1), host.lane(1), host.lane(1));
        assertThat(served).containsExactly("joint", "joint", "joint");
        assertThat(host.quota().opening()).isEqualTo(3);
        joint.givesBack();
        assertThat(host.quota().opening()).isZero();
    }

    @Test
    void belowACapOverAllTwoDoNotCollectAtTheSameTime() {
        Admission admission = new Admission(ConnectionBudget.builder()
                .total(2)
                .openingsPerHost(2)
                .controlPermits(0)
                .reserve(0)
                .build());
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            lanes.add(new AdmissionQueue(admission, "host" + i).lane(1));
        }
        // Its second name comes into the turns behind those of the other one.
        Ticket busy = asked(lanes.get(1).ticket(), "busy");
        Joint one = new Joint("one", lanes.get(0), lanes.get(1));
        Joint other = new Joint("other", lanes.get(2), lanes.get(3));
        busy.giveBack();
        assertThat(served).containsExactly("busy", "one", "one");
        one.givesBack();
        assertThat(served).containsExactly("busy", "one", "one", "other", "other");
        other.givesBack();
        assertThat(lanes).allSatisfy(lane -> assertThat(lane.taken()).isZero());
    }
}
