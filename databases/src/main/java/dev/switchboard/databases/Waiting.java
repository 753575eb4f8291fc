package dev.switchboard.databases;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits, within bounds, for something that happens in another process and cannot be subscribed to. */
public final class Waiting {
    private static final Duration LONGEST = Duration.ofSeconds(15);
    private static final Duration PAUSE = Duration.ofMillis(5);

    private Waiting() {}

    /** A call that waits. */
    interface Call<T> {
        T get() throws InterruptedException;
    }

    /**
     * Looks again and again until a state is reached, for 15 seconds at most.
     *
     * @param state what is waited for, in words for the error
     * @param reached whether it is reached
     * @throws AssertionError when it is not reached in time
     */
    public static void until(String state, BooleanSupplier reached) {
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("Not reached in " + LONGEST.toSeconds() + " s: " + state);
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Waits; an interrupt ends the waiting with an error and stays set for the caller. */
    static <T> T forResult(Call<T> call) {
        try {
            return call.get();
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while waiting for a database server", interrupt);
        }
    }
}
