package dev.switchboard.core;

/**
 * A circuit breaker for each address that a registry connects to, as in {@code db01:5432}: after failures to connect it opens,
 * and whoever needs another connection to that address then hears so at once, with a {@link CircuitOpenException}. Open
 * connections are lent as before, and other addresses notice nothing. What has no address, such as an SQLite file or a
 * connection factory that was handed in, has no breaker.
 *
 * <p>Given to a registry with {@link RegistryOptions.Builder#circuitBreakers}. Package
 * {@code dev.switchboard.core.resilience4j} has it for Resilience4j.
 */
public interface CircuitBreakers {

    /**
     * An address came into use.
     *
     * @param address host and port, as in {@code db01:5432}; a Unix socket where it leads there
     * @return its breaker, until that is closed
     */
    Breaker opened(String address);

    /**
     * The breaker of one address. Called on any thread and also under a lock: every method answers at once and throws nothing.
     * Each permission is followed by exactly one of {@link #succeeded}, {@link #failed} and {@link #released}.
     */
    interface Breaker {

        /** {@return whether nobody may connect at this moment; asks for nothing and changes nothing} */
        boolean isOpen();

        /** {@return whether one connection may be opened} Where the time to try again has come, this is the try. */
        boolean tryAcquirePermission();

        /**
         * The address has answered, be it that it refused to log somebody in.
         *
         * @param nanos how long it took
         */
        void succeeded(long nanos);

        /**
         * Nobody has answered, or not in time, or a server that could not take anybody.
         *
         * @param nanos how long it took
         * @param failure why
         */
        void failed(long nanos, Throwable failure);

        /** The permission was not used, or its end says nothing about the address. */
        void released();

        /** No pool leads to this address any more. */
        void closed();
    }
}
