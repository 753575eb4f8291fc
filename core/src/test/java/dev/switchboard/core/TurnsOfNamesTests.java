package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.TestSize;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The queue under a budget, against a model that knows every borrower and every socket: a random walk on a fixed seed, one step
 * at a time, in which borrowers come, leave, go on, and connections open, fail, die and close whenever the walk says so.
 *
 * <p>After every step no cap is exceeded; nobody was served before somebody who came earlier for the same name; nobody who was
 * the first of its name was overtaken by another name more often than its quantum; where only few may open connections at a time, by
 * those of them who opened one. In the end nothing is left.
 */
class TurnsOfNamesTests {

    private static final int STEPS = TestSize.of(20_000, 2_000_000);
    private static final int QUANTUM = 3;
    private static final List<String> HOSTS = List.of("db1:1", "db2:2");

    private final Random random = new Random(20_261_125);
    private final List<Name> names = new ArrayList<>();
    private final List<Socket> sockets = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    private int most;
    private int largestOvertaking;
    private int moves;
    /** The same with those who took an idle connection of their own name. */
    private int largestPassing;

    private ConnectionBudget budget = ConnectionBudget.builder()
            .total(9)
            .perHost(6)
            .quantum(QUANTUM)
            .controlPermits(1)
            .reserve(1)
            .openingsPerHost(100)
            .build();
    private final Admission admission = new Admission(budget);

    private static final class Borrower {
        private final Name name;
        private final Ticket ticket;
        private @Nullable Socket socket;
        /** How often each other name of its host was served since this one became the first of its name. */
        private final Map<Name, Integer> overtakenBy = new HashMap<>();

        private final Map<Name, Integer> passedBy = new HashMap<>();

        Borrower(Name name, Ticket ticket) {
            this.name = name;
            this.ticket = ticket;
        }
    }

    private static final class Name {
        private final Lane lane;
        private final String host;
        private final Deque<Borrower> waiting = new ArrayDeque<>();
        private final List<Borrower> inside = new ArrayList<>();

        Name(Lane lane, String host) {
            this.lane = lane;
            this.host = host;
        }
    }

    private final class Socket implements Permit.Held {
        private Name name;
        private final Permit permit;
        private final long born = most++;
        private boolean open;
        private boolean idle;
        private boolean closing;

        Socket(Name name, Permit permit) {
            this.name = name;
            this.permit = permit;
        }

        @Override
        public long lastUsedNanos() {
            return born;
        }

        @Override
        public boolean isIdle() {
            return idle;
        }

        @Override
        public boolean claim() {
            boolean claimed = idle;
            idle = false;
            return claimed;
        }

        @Override
        public void close(BudgetStatus cap) {
            closing = true;
        }

        @Override
        public boolean isMovable() {
            return idle;
        }

        @Override
        public boolean claimToMove() {
            return claim();
        }
    }

    /** Every other name of a host is like every other one, and each third keeps what it has unless a cap is reached. */
    private final class Moving implements Mover {
        private final int number;

        Moving(int number) {
            this.number = number;
        }

        @Override
        public Object likeness() {
            return number / 2 % 2;
        }

        @Override
        public boolean keepsIdle() {
            return number % 3 == 0;
        }

        @Override
        public boolean wants(Permit.Held idle) {
            return true;
        }

        @Override
        public boolean fits(Permit.Held idle) {
            return idle instanceof Socket socket && socket.born % 2 == 0;
        }

        @Override
        public void take(Permit.Held claimed, Permit permit) {
            Socket socket = (Socket) claimed;
            Name mine = names.get(number);
            if (!likeness().equals(new Moving(names.indexOf(socket.name)).likeness())
                    || !mine.host.equals(socket.name.host)) {
                broken.add("moved to a stranger");
            }
            moves++;
            socket.name = mine;
            socket.idle = true;
            permit.takenOver(socket);
            check(mine);
        }
    }

    private Borrower come(Name name, boolean nested) {
        Ticket ticket = nested ? name.lane.ticket(IllegalStateException::new) : name.lane.ticket();
        Borrower borrower = new Borrower(name, ticket);
        if (!nested) {
            name.waiting.add(borrower);
        }
        ticket.admitted()
                .subscribe(ignored -> {}, refused -> name.waiting.remove(borrower), () -> served(borrower, nested));
        return borrower;
    }

    private void served(Borrower borrower, boolean nested) {
        Name name = borrower.name;
        if (!nested && name.waiting.peek() != borrower) {
            broken.add("somebody came earlier");
        }
        name.waiting.remove(borrower);
        borrower.ticket.enter();
        boolean opens = !hasSpare(name);
        name.inside.add(borrower);
        for (Name other : nested ? List.<Name>of() : names) {
            Borrower first = other.waiting.peek();
            if (first != null && other != name && other.host.equals(name.host) && couldBeServed(other)) {
                largestPassing = Math.max(largestPassing, first.passedBy.merge(name, 1, Integer::sum));
                int times = first.overtakenBy.merge(name, opens || !openingsAreFew() ? 1 : 0, Integer::sum);
                largestOvertaking = Math.max(largestOvertaking, times);
                if (times > QUANTUM * budget.weight("name" + names.indexOf(name))) {
                    broken.add("overtaken " + times + " times");
                }
            }
        }
    }

    /** Whether nobody who is inside already will take all that is idle. */
    private boolean hasSpare(Name name) {
        long idle = sockets.stream()
                .filter(socket -> socket.name == name && socket.idle)
                .count();
        return idle
                > name.inside.stream()
                        .filter(borrower -> borrower.socket == null)
                        .count();
    }

    private boolean openingsAreFew() {
        return budget.openingsPerHost() < budget.total();
    }

    /** A name whose own size is in the way waits for itself, not for others. */
    private static boolean couldBeServed(Name name) {
        return name.inside.size() < 3;
    }

    /** Opens, or takes the idle one, as the pool would. */
    private void goOn(Borrower borrower) {
        Socket idle = sockets.stream()
                .filter(socket -> socket.name == borrower.name && socket.idle)
                .findFirst()
                .orElse(null);
        if (idle != null) {
            idle.idle = false;
            borrower.socket = idle;
            return;
        }
        Permit permit = borrower.name.lane.connect();
        if (permit != null) {
            Socket socket = new Socket(borrower.name, permit);
            sockets.add(socket);
            borrower.socket = socket;
            check(borrower.name);
        }
    }

    private void step() {
        Name name = names.get(random.nextInt(names.size()));
        Borrower inside = name.inside.isEmpty() ? null : name.inside.get(random.nextInt(name.inside.size()));
        int what = random.nextInt(20);
        if (what < 6) {
            come(name, false);
        } else if (what == 6 && inside != null && couldBeServed(name)) {
            come(name, true);
        } else if (what == 7 && !name.waiting.isEmpty()) {
            leave(name);
        } else if (what == 8 && !sockets.isEmpty()) {
            dies(sockets.get(random.nextInt(sockets.size())));
        } else if (what < 13) {
            sockets.stream().filter(socket -> socket.closing).findAny().ifPresent(this::closed);
        } else if (inside != null) {
            worksOn(name, inside);
        }
        if (random.nextInt(1_000) == 0) {
            limit();
        }
    }

    private void leave(Name name) {
        List<Borrower> waiting = List.copyOf(name.waiting);
        Borrower leaving = waiting.get(random.nextInt(waiting.size()));
        name.waiting.remove(leaving);
        leaving.ticket.leave();
    }

    private void dies(Socket socket) {
        if (socket.idle) {
            socket.idle = false;
            socket.closing = true;
            socket.permit.leaving();
        }
    }

    private void closed(Socket socket) {
        sockets.remove(socket);
        socket.permit.closed();
    }

    private void worksOn(Name name, Borrower inside) {
        Socket socket = inside.socket;
        if (socket == null) {
            goOn(inside);
        } else if (!socket.open && random.nextInt(10) == 0) {
            name.inside.remove(inside);
            closed(socket);
            inside.ticket.giveBack();
        } else if (!socket.open) {
            socket.open = true;
            socket.permit.opened(socket);
        } else {
            name.inside.remove(inside);
            socket.idle = true;
            inside.ticket.giveBack();
        }
    }

    private void limit() {
        budget = budget.mutate()
                .total(6 + random.nextInt(6))
                .perHost(4 + random.nextInt(4))
                .build();
        admission.limit(budget);
    }

    /** A socket was opened: there was room for it, whatever the caps were before. */
    private void check(Name opened) {
        if (sockets.size() > budget.total()) {
            broken.add(sockets.size() + " sockets of " + budget.total());
        }
        long here = sockets.stream()
                .filter(socket -> socket.name.host.equals(opened.host))
                .count();
        if (here > budget.cap(opened.host)) {
            broken.add(here + " sockets at " + opened.host);
        }
        if (sockets.stream().filter(socket -> socket.name == opened).count() > 3) {
            broken.add("too many of one name");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void capsHoldAndNobodyIsOvertakenMoreOftenThanAQuantum(int weight) {
        walk(budget.mutate().weight("name0", weight).build(), false);
        assertThat(largestOvertaking).isBetween(2, QUANTUM * weight);
        end();
    }

    /** Who needs a connection opened, and may not open it yet, is passed by those who find one of their own name. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whereFewMayOpenTheSameHoldsForThoseWhoOpen(int openings) {
        walk(budget.mutate().openingsPerHost(openings).build(), false);
        assertThat(largestOvertaking).isBetween(2, QUANTUM);
        assertThat(largestPassing).as("with those who opened nothing").isGreaterThan(QUANTUM);
        end();
    }

    /** A socket that goes from name to name counts once, in one of them, and nobody's turn comes later for it. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void capsAndTurnsHoldWhereConnectionsMove(int weight) {
        walk(budget.mutate().weight("name0", weight).build(), true);
        assertThat(moves).isGreaterThan(STEPS / 200);
        assertThat(admission.total().timesMoved()).isEqualTo(moves);
        assertThat(largestOvertaking).isBetween(2, QUANTUM * weight);
        end();
    }

    private void walk(ConnectionBudget first, boolean moving) {
        budget = first;
        admission.limit(budget);
        for (int i = 0; i < 10; i++) {
            String host = HOSTS.get(i % 2);
            AdmissionQueue queue = i < 2
                    ? new AdmissionQueue(admission, host)
                    : names.get(i % 2).lane.queue();
            AdmissionQueue.Size size = new AdmissionQueue.Size(3, 40, null, moving ? new Moving(i) : null);
            Lane lane = queue.lane("name" + i, size, IllegalStateException::new, () -> {});
            names.add(new Name(lane, host));
        }
        for (int i = 0; i < STEPS && broken.isEmpty(); i++) {
            step();
        }
        assertThat(broken).isEmpty();
    }

    private void end() {
        names.forEach(name -> List.copyOf(name.waiting).forEach(borrower -> borrower.ticket.leave()));
        names.forEach(name -> name.waiting.clear());
        for (Name name : names) {
            for (Borrower inside : List.copyOf(name.inside)) {
                if (inside.socket != null) {
                    closed(inside.socket);
                }
                inside.ticket.giveBack();
            }
        }
        List.copyOf(sockets).forEach(this::closed);
        Quota total = admission.total();
        assertThat(List.of(total.sockets(), total.promised(), total.spare(), total.waiting(), total.opening()))
                .containsOnly(0);
    }
}
