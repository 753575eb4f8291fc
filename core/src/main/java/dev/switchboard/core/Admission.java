package dev.switchboard.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * What the queues of all hosts of a registry share when it has a budget: the lock, the cap over all of them, and whose turn it
 * is where that is reached. Without a budget each queue has one of its own, where nothing is ever full.
 *
 * <p>Whatever changes a count is followed by {@link #settle}: it closes what is too much, then serves whoever can be served.
 * What that means for others (a borrower goes on, an idle connection is closed) happens after the lock is let go.
 */
final class Admission {

    private final Object lock = new Object();
    private final Quota total = new Quota("the registry", null);
    private final Turns<AdmissionQueue> turns = new Turns<>();
    private final Set<AdmissionQueue> queues = new LinkedHashSet<>();
    /** Who has a ticket and finds that what it may open has not been closed elsewhere yet. */
    private final Map<Sinks.Empty<Void>, BooleanSupplier> knocking = new LinkedHashMap<>();

    /** What was granted and is of no use before others are: those who hold a connection may have it. */
    private final Set<Ticket> aside = new LinkedHashSet<>();

    private List<Runnable> deeds = new ArrayList<>(2);
    private @Nullable ConnectionBudget budget;

    Admission(@Nullable ConnectionBudget budget) {
        this.budget = budget;
        if (budget != null) {
            total.cap(budget.totalCap());
        }
    }

    /** The budget in force, or null where there is none. */
    @Nullable
    ConnectionBudget budget() {
        synchronized (lock) {
            return budget;
        }
    }

    Quota total() {
        return total;
    }

    /** Whether somebody waits on any host for what the cap over all of them holds back. */
    boolean isWanted() {
        return total.cap().exists() && !turns.isEmpty();
    }

    /** From now on these caps hold: what is idle and too much is closed at once, the rest when it comes back. */
    void limit(ConnectionBudget next) {
        change(null, () -> {
            budget = next;
            total.cap(next.totalCap());
            queues.forEach(AdmissionQueue::limit);
            queues.forEach(queue -> settle(queue, null));
            return knocked();
        });
    }

    /** All queues in use, under the lock. */
    Set<AdmissionQueue> queues() {
        return queues;
    }

    /** A queue comes into use. */
    void add(AdmissionQueue queue) {
        change(null, () -> {
            queue.limit();
            return queues.add(queue);
        });
    }

    /** A queue has no pool and no socket any more. */
    void remove(AdmissionQueue queue) {
        change(null, () -> queues.remove(queue));
    }

    /** Changes something and settles what follows from it for one lane and everybody who competes with it. */
    <T> T change(@Nullable Lane lane, Supplier<T> change) {
        T changed;
        List<Runnable> toDo;
        synchronized (lock) {
            changed = change.get();
            if (lane != null) {
                settle(lane);
            }
            if (deeds.isEmpty()) {
                return changed;
            }
            toDo = deeds;
            deeds = new ArrayList<>(2);
        }
        done(toDo, 0);
        return changed;
    }

    /** One subscriber that throws must not cost the others what they were promised. */
    private static void done(List<Runnable> deeds, int from) {
        for (int i = from; i < deeds.size(); i++) {
            boolean thrown = true;
            try {
                deeds.get(i).run();
                thrown = false;
            } finally {
                if (thrown) {
                    done(deeds, i + 1);
                }
            }
        }
    }

    /** Looks at counts that belong together. */
    <T> T look(Supplier<T> look) {
        synchronized (lock) {
            return look.get();
        }
    }

    /** Looks again at who waits for a queue: what holds them back has changed without any count of theirs. */
    void reconsider(AdmissionQueue queue) {
        change(null, () -> {
            settle(queue, null);
            return knocked();
        });
    }

    void setAside(Ticket ticket, boolean isAside) {
        if (isAside) {
            aside.add(ticket);
        } else {
            aside.remove(ticket);
        }
    }

    /** Lets tickets that are set aside wait again: those of such lanes, at most so many. */
    List<Ticket> takeBack(Predicate<Lane> whose, int most) {
        List<Ticket> back = new ArrayList<>();
        for (Ticket ticket : List.copyOf(aside)) {
            if (back.size() < most && whose.test(ticket.lane()) && ticket.takenBack()) {
                back.add(ticket);
            }
        }
        return back;
    }

    /** What is to happen once the lock is free. */
    void afterwards(Runnable deed) {
        deeds.add(deed);
    }

    /** Completes when there is room for a socket; whoever waits here looks again then. */
    Mono<Void> room(BooleanSupplier free) {
        return Mono.defer(() -> {
            Sinks.Empty<Void> told = Sinks.empty();
            synchronized (lock) {
                if (free.getAsBoolean()) {
                    return Mono.empty();
                }
                knocking.put(told, free);
            }
            return told.asMono().doOnCancel(() -> look(() -> knocking.remove(told)));
        });
    }

    /** A socket was closed, or a cap raised. */
    boolean knocked() {
        knocking.entrySet().removeIf(knock -> {
            boolean free = knock.getValue().getAsBoolean();
            if (free) {
                afterwards(knock.getKey()::tryEmitEmpty);
            }
            return free;
        });
        return true;
    }

    void settle(Lane lane) {
        lane.recount();
        settle(lane.queue(), lane);
    }

    private void settle(AdmissionQueue queue, @Nullable Lane own) {
        prune(total, null);
        prune(queue.quota(), queue);
        Lane bringing = own;
        while (serve(queue, bringing)) {
            bringing = null;
        }
    }

    private boolean serve(AdmissionQueue queue, @Nullable Lane own) {
        return total.cap().exists()
                ? turns.serve(queue, host -> host.serve(host == queue ? own : null))
                : queue.serve(own);
    }

    private void prune(Quota quota, @Nullable AdmissionQueue within) {
        while (quota.isOver() && quota.spare() > 0) {
            if (!reclaim(within, null)) {
                return;
            }
        }
    }

    /** Closes the least recently used connection that is idle and promised to nobody: of a host, or of any. */
    boolean reclaim(@Nullable AdmissionQueue within, @Nullable Lane notOf) {
        Permit oldest;
        do {
            oldest = null;
            for (AdmissionQueue queue : within == null ? queues : Set.of(within)) {
                oldest = queue.longerIdle(oldest, notOf);
            }
        } while (oldest != null && !oldest.reclaimed(within == null ? total : within.quota()));
        return oldest != null;
    }

    /** A name or a host has somebody who waits, or nobody any more. */
    void waits(AdmissionQueue queue, boolean waits) {
        turns.waits(queue, waits);
    }
}
