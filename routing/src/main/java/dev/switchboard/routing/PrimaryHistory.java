package dev.switchboard.routing;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Where the primary stood at several moments. How far behind a replica is, is told by the moments whose position it has
 * replayed: no clock but ours counts, and a replica that has lost its primary cannot seem fresh.
 */
final class PrimaryHistory {

    /** How far back it remembers. */
    static final Duration LONGEST = Duration.ofMinutes(1);

    private static final int MOST = 240;
    private static final long DISTANCE_NANOS = LONGEST.toNanos() / MOST;

    private record Moment(long nanos, LogPosition position) {}

    /** The last ones of each quarter of a second, the oldest first; the newest of all is the last. */
    private final Deque<Moment> moments = new ArrayDeque<>();

    /** The primary stood there, or further, at that time. */
    synchronized void add(long nanos, LogPosition position) {
        Moment newest = moments.pollLast();
        if (newest != null) {
            if (nanos - newest.nanos() <= 0) {
                moments.addLast(newest);
                return;
            }
            Moment before = moments.peekLast();
            if (before == null || newest.nanos() - before.nanos() >= DISTANCE_NANOS) {
                moments.addLast(newest);
            }
        }
        moments.addLast(new Moment(nanos, position));
        while (nanos - moments.getFirst().nanos() > LONGEST.toNanos()) {
            moments.removeFirst();
        }
    }

    synchronized void clear() {
        moments.clear();
    }

    /** Whether the primary surely has what was written up to there. */
    synchronized boolean has(LogPosition written) {
        return moments.stream().anyMatch(moment -> written.isReachedBy(moment.position()));
    }

    /** The newest moment whose position was replayed; null where none was. */
    synchronized @Nullable Long newestReached(LogPosition replayed) {
        Iterator<Moment> newestFirst = moments.descendingIterator();
        while (newestFirst.hasNext()) {
            Moment moment = newestFirst.next();
            if (moment.position().isReachedBy(replayed)) {
                return moment.nanos();
            }
        }
        return null;
    }

    /** How far behind a replica was at least that had replayed so far at that time. */
    synchronized long nanosBehind(LogPosition replayed, long nanos) {
        for (Moment moment : moments) {
            if (moment.nanos() - nanos > 0) {
                break;
            }
            if (!moment.position().isReachedBy(replayed)) {
                return nanos - moment.nanos();
            }
        }
        return 0;
    }
}
