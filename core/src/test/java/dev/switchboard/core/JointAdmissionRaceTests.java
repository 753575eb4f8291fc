package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchboard.databases.TestSize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.scheduler.VirtualTimeScheduler;

/**
 * Many threads, few tickets, on fixed seeds: single borrowers, chains that hold a connection and ask for a second one, and joint
 * admissions over the same lanes in any order, each of which may leave at any moment. Everybody gets on, no lane lends more than it
 * has, and nothing is left. Time does not pass by itself, so no deadline hides that somebody waits for ever.
 */
@Tag("once")
class JointAdmissionRaceTests {

    private static final int WORKERS = 8;
    private static final int STEPS = TestSize.of(150, 40_000);
    private static final int LANES = 4;

    private final VirtualTimeScheduler time = VirtualTimeScheduler.create();
    private final JointLine line = new JointLine(time);
    private final List<Lane> lanes = new ArrayList<>();
    private final List<AtomicInteger> lent = new ArrayList<>();
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger joined = new AtomicInteger();

    @ParameterizedTest(name = "budget {0}, pool size {1}, patience ends: {2}")
    @CsvSource({"none, 1, false", "none, 2, true", "total, 1, false", "total, 2, true", "hosts, 1, false"})
    void everybodyGetsOnAndNothingIsLeft(String budget, int size, boolean impatient) {
        Admission shared = admission(budget);
        for (int i = 0; i < LANES; i++) {
            AdmissionQueue queue = shared == null ? new AdmissionQueue() : new AdmissionQueue(shared, "host" + i % 2);
            lanes.add(queue.lane(size));
            lent.add(new AtomicInteger());
        }
        Flux.range(0, WORKERS)
                .flatMap(worker -> work(new Random(worker), size, impatient, shared == null), WORKERS)
                .blockLast(Duration.ofMinutes(TestSize.of(1, 30)));
        assertThat(wrong).isEmpty();
        assertThat(joined.get()).isGreaterThan(WORKERS * STEPS / 8);
        assertThat(line.isEmpty()).isTrue();
        assertThat(lanes).allSatisfy(lane -> {
            assertThat(lane.taken()).isZero();
            assertThat(lane.waiting()).isZero();
            assertThat(lane.admission().takeBack(any -> true, Integer.MAX_VALUE))
                    .isEmpty();
        });
        if (shared != null) {
            assertThat(shared.total().promised()).isZero();
            assertThat(shared.total().opening()).isZero();
        }
        time.dispose();
    }

    private static @Nullable Admission admission(String budget) {
        ConnectionBudget.Builder caps =
                ConnectionBudget.builder().controlPermits(0).reserve(0).openingsPerHost(2);
        return switch (budget) {
            case "total" -> new Admission(caps.total(3).build());
            case "hosts" -> new Admission(caps.perHost(2).build());
            default -> null;
        };
    }

    private Mono<Void> work(Random random, int size, boolean impatient, boolean mayHold) {
        return Flux.range(0, STEPS)
                .concatMap(step -> {
                    if (impatient && random.nextInt(4) == 0) {
                        time.advanceTimeBy(Duration.ofSeconds(2));
                    }
                    int what = random.nextInt(100);
                    Mono<Void> chain = what < 40
                            ? joint(random, size)
                            : what < 60 && mayHold ? holder(random, size) : single(random.nextInt(LANES), false, size);
                    return random.nextInt(100) < 30
                            ? chain.takeUntilOther(Mono.delay(Duration.ofNanos(random.nextInt(400_000))))
                            : chain;
                })
                .then()
                .subscribeOn(Schedulers.parallel());
    }

    private Mono<Void> single(int at, boolean holds, int size) {
        return Mono.defer(() -> {
            Ticket ticket = new Ticket(lanes.get(at), null, holds, null);
            return used(ticket, at, size, Mono.empty());
        });
    }

    /** In one order, since two such chains could wait for each other by themselves. */
    private Mono<Void> holder(Random random, int size) {
        int first = random.nextInt(LANES - 1);
        int second = first + 1 + random.nextInt(LANES - 1 - first);
        return Mono.defer(
                () -> used(new Ticket(lanes.get(first), null, false, null), first, size, single(second, true, size)));
    }

    private Mono<Void> joint(Random random, int size) {
        List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3));
        Collections.shuffle(order, random);
        // Of four lanes on two hosts of two connections no more than two are always below every cap.
        List<Integer> mine = order.subList(0, 2);
        return Mono.defer(() -> {
            JointAdmission joint = JointAdmission.of(mine.size());
            AtomicInteger inside = new AtomicInteger();
            return Flux.fromIterable(mine)
                    .flatMap(at -> {
                        Ticket ticket = joint.place().ticket(lanes.get(at), line, List.of());
                        return used(ticket, at, size, Mono.fromRunnable(() -> {
                            if (!joint.isGranted()) {
                                wrong.add("a part of a joint admission went on alone");
                            }
                            if (inside.incrementAndGet() == mine.size()) {
                                joined.incrementAndGet();
                            }
                        }));
                    })
                    .then();
        });
    }

    private Mono<Void> used(Ticket ticket, int at, int size, Mono<Void> work) {
        Use use = new Use(lent.get(at));
        return ticket.admitted()
                .then(Mono.defer(() -> {
                    if (use.begins(ticket) > size) {
                        wrong.add("lane " + at + " lent more than it has");
                    }
                    return work;
                }))
                .doFinally(signal -> {
                    use.ends();
                    ticket.giveBack();
                });
    }

    /** Counts a ticket as lent, unless its borrower has left. */
    private static final class Use {

        private final AtomicInteger lent;
        private boolean began;
        private boolean ended;

        Use(AtomicInteger lent) {
            this.lent = lent;
        }

        synchronized int begins(Ticket ticket) {
            began = !ended && ticket.enter();
            return began ? lent.incrementAndGet() : 0;
        }

        synchronized void ends() {
            ended = true;
            if (began) {
                lent.decrementAndGet();
            }
        }
    }
}
