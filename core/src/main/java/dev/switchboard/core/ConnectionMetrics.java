package dev.switchboard.core;

import java.util.function.Supplier;

/**
 * Is told how pools are used, with numbers and no objects, so that it costs nothing to speak of. Set with
 * {@link RegistryOptions.Builder#metrics}; by default nobody is told. {@code dev.switchboard.core.micrometer} has one for
 * Micrometer.
 */
@FunctionalInterface
public interface ConnectionMetrics {

    /**
     * A pool has opened.
     *
     * @param name the name of its connection; one with an override is called {@code orders[database=shard02]}
     * @param maxWaiting how many borrowers may wait at the same time
     * @param counts how the pool stands at the moment of the call
     * @return what is told about this pool until it is closed; called on any thread, must not block
     */
    OfPool opened(String name, int maxWaiting, Supplier<PoolCounts> counts);

    /**
     * A host, or a group of hosts, has its first pool. Nobody is told by default.
     *
     * @param host its address, or the name of the group in the budget
     * @param status how it stands at the moment of the call, over all of its pools; without a budget it has no cap
     * @return what is told when its last pool is closed; called on any thread, must not block
     */
    default OfHost hostOpened(String host, Supplier<BudgetStatus> status) {
        return () -> {};
    }

    /** What is told about one host. What it throws is logged and hurts nobody. */
    @FunctionalInterface
    interface OfHost {

        /** Its pools and their connections are closed; it may come back as another one. */
        void closed();
    }

    /** What is told about one pool. Lengths are nanoseconds. What it throws is logged and hurts nobody. */
    interface OfPool {

        /**
         * A borrower's wait has ended.
         *
         * @param nanos how long it waited
         * @param delivered whether it got a connection; otherwise it failed, gave up or left
         */
        void acquired(long nanos, boolean delivered);

        /**
         * The attempt to open a connection has ended.
         *
         * @param nanos how long it took
         * @param opened whether there is a connection now
         */
        void connected(long nanos, boolean opened);

        /**
         * A borrower gave its connection back.
         *
         * @param nanos how long it had it
         */
        void returned(long nanos);

        /** A borrower has had its connection for longer than its definition thinks right. */
        void leakSuspected();

        /** The pool and its connections are closed; nothing more is told. */
        void closed();
    }
}
