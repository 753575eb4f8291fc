package dev.switchboard.routing;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The different fetches of one run of a shared stream; bounded, since a stream may run for ever. */
final class SharedFetches {

    private static final int MOST = 1_000;

    private final List<SharedFetch> fetches = new CopyOnWriteArrayList<>();

    synchronized void add(SharedFetch fetch) {
        if (fetches.size() < MOST && !fetches.contains(fetch)) {
            fetches.add(fetch);
        }
    }

    int size() {
        return fetches.size();
    }

    SharedFetch get(int index) {
        return fetches.get(index);
    }
}
