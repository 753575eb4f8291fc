package dev.switchboard.core;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a connection treats its exchanges with the server: what a cancel may cost, how long overlapping statements wait, and
 * when a transaction begins. Immutable; {@link #mutate()} gives a builder that starts from these values, and
 * {@link Builder#build()} refuses values out of their range with an {@link InvalidDefinitionException}.
 */
public final class ExchangeOptions {

    private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(10);
    private static final Duration LONGEST_TIMEOUT = Duration.ofHours(24);

    private static final ExchangeOptions DEFAULTS = new Builder().build();

    private final int drainRows;
    private final Duration drainTimeout;
    private final Duration transactionDrainTimeout;
    private final Duration serverCancelTimeout;
    private final Duration overlapTimeout;
    private final boolean strictOverlap;
    private final boolean eagerBegin;

    private ExchangeOptions(Builder builder) {
        this.drainRows = builder.drainRows;
        this.drainTimeout = builder.drainTimeout;
        this.transactionDrainTimeout = builder.transactionDrainTimeout;
        this.serverCancelTimeout = builder.serverCancelTimeout;
        this.overlapTimeout = builder.overlapTimeout;
        this.strictOverlap = builder.strictOverlap;
        this.eagerBegin = builder.eagerBegin;
    }

    /** {@return the options that apply where none are named; always the same instance} */
    public static ExchangeOptions defaults() {
        return DEFAULTS;
    }

    /** {@return a builder that starts from the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        Builder builder = new Builder();
        builder.drainRows = drainRows;
        builder.drainTimeout = drainTimeout;
        builder.transactionDrainTimeout = transactionDrainTimeout;
        builder.serverCancelTimeout = serverCancelTimeout;
        builder.overlapTimeout = overlapTimeout;
        builder.strictOverlap = strictOverlap;
        builder.eagerBegin = eagerBegin;
        return builder;
    }

    /** {@return how many rows of a cancelled result are drained before the server is asked to stop} */
    public int drainRows() {
        return drainRows;
    }

    /** {@return how long a cancelled result outside a transaction is drained before the server is asked to stop} */
    public Duration drainTimeout() {
        return drainTimeout;
    }

    /** {@return how long a cancelled result inside a transaction is drained before the connection is given up} */
    public Duration transactionDrainTimeout() {
        return transactionDrainTimeout;
    }

    /** {@return how long the server may take to stop a statement before its connection is closed} */
    public Duration serverCancelTimeout() {
        return serverCancelTimeout;
    }

    /** {@return how long a statement waits behind a result that nobody reads before it fails} */
    public Duration overlapTimeout() {
        return overlapTimeout;
    }

    /** {@return whether a second statement on a connection with an open result is refused at once} */
    public boolean strictOverlap() {
        return strictOverlap;
    }

    /** {@return whether a transaction begins when it is asked to, and not with its first statement} */
    public boolean eagerBegin() {
        return eagerBegin;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ExchangeOptions that
                && drainRows == that.drainRows
                && strictOverlap == that.strictOverlap
                && eagerBegin == that.eagerBegin
                && drainTimeout.equals(that.drainTimeout)
                && transactionDrainTimeout.equals(that.transactionDrainTimeout)
                && serverCancelTimeout.equals(that.serverCancelTimeout)
                && overlapTimeout.equals(that.overlapTimeout);
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                drainRows,
                drainTimeout,
                transactionDrainTimeout,
                serverCancelTimeout,
                overlapTimeout,
                strictOverlap,
                eagerBegin);
    }

    @Override
    public String toString() {
        return "ExchangeOptions[drainRows=" + drainRows + ", drainTimeout=" + drainTimeout
                + ", transactionDrainTimeout=" + transactionDrainTimeout + ", serverCancelTimeout="
                + serverCancelTimeout + ", overlapTimeout=" + overlapTimeout + ", strictOverlap=" + strictOverlap
                + ", eagerBegin=" + eagerBegin + "]";
    }

    /** Collects values; nothing is checked before {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private int drainRows = 10_000;
        private Duration drainTimeout = Duration.ofSeconds(1);
        private Duration transactionDrainTimeout = Duration.ofSeconds(10);
        private Duration serverCancelTimeout = Duration.ofSeconds(2);
        private Duration overlapTimeout = Duration.ofSeconds(1);
        private boolean strictOverlap;
        private boolean eagerBegin;

        private Builder() {}

        /**
         * How many rows of a cancelled result are drained before the server is asked to stop; outside a transaction only.
         * 10,000 by default: reading them on costs less than a cancel and far less than a new connection.
         *
         * @param drainRows zero asks the server at once
         * @return this builder
         */
        public Builder drainRows(int drainRows) {
            this.drainRows = drainRows;
            return this;
        }

        /**
         * How long a cancelled result outside a transaction is drained before the server is asked to stop. 1 second by
         * default: the borrower is gone, and the connection should soon serve the next one.
         *
         * @param drainTimeout zero asks the server at once
         * @return this builder
         */
        public Builder drainTimeout(Duration drainTimeout) {
            this.drainTimeout = Objects.requireNonNull(drainTimeout, "drainTimeout");
            return this;
        }

        /**
         * How long a cancelled result inside a transaction is drained. 10 seconds by default, longer than outside, since what
         * comes after it costs the transaction.
         *
         * @param transactionDrainTimeout zero gives the transaction up at once
         * @return this builder
         */
        public Builder transactionDrainTimeout(Duration transactionDrainTimeout) {
            this.transactionDrainTimeout = Objects.requireNonNull(transactionDrainTimeout, "transactionDrainTimeout");
            return this;
        }

        /**
         * How long the server may take to stop a statement when asked to; past it, the connection is closed. 2 seconds by
         * default: a server that lives answers within milliseconds.
         *
         * @param serverCancelTimeout at least 10 ms
         * @return this builder
         */
        public Builder serverCancelTimeout(Duration serverCancelTimeout) {
            this.serverCancelTimeout = Objects.requireNonNull(serverCancelTimeout, "serverCancelTimeout");
            return this;
        }

        /**
         * How long a statement waits behind a result that nobody reads before it fails with an
         * {@link OverlappingStatementException}. 1 second by default: a pause of a reader is shorter, a deadlock is not.
         *
         * @param overlapTimeout at least 10 ms
         * @return this builder
         */
        public Builder overlapTimeout(Duration overlapTimeout) {
            this.overlapTimeout = Objects.requireNonNull(overlapTimeout, "overlapTimeout");
            return this;
        }

        /**
         * Whether a second statement on a connection with an open result is refused at once instead of being queued. False by
         * default, since existing code relies on the queue of its driver.
         *
         * @param strictOverlap true to refuse
         * @return this builder
         */
        public Builder strictOverlap(boolean strictOverlap) {
            this.strictOverlap = strictOverlap;
            return this;
        }

        /**
         * Whether a transaction begins when it is asked to, and not with its first statement. False by default, so that a
         * transaction that runs no SQL costs no connection.
         *
         * @param eagerBegin true to begin at once
         * @return this builder
         */
        public Builder eagerBegin(boolean eagerBegin) {
            this.eagerBegin = eagerBegin;
            return this;
        }

        /**
         * Checks the values.
         *
         * @return the options
         * @throws InvalidDefinitionException if a value is out of its range
         */
        public ExchangeOptions build() {
            Limits.between("drainRows", drainRows, 0, Integer.MAX_VALUE);
            Limits.between("drainTimeout", drainTimeout, Duration.ZERO, LONGEST_TIMEOUT);
            Limits.between("transactionDrainTimeout", transactionDrainTimeout, Duration.ZERO, LONGEST_TIMEOUT);
            Limits.between("serverCancelTimeout", serverCancelTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
            Limits.between("overlapTimeout", overlapTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
            return new ExchangeOptions(this);
        }
    }
}
