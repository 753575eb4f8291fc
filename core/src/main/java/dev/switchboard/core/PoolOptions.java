package dev.switchboard.core;

import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The knobs of one connection's pool. Every wait is finite. Immutable; {@link #mutate()} gives a builder that starts from
 * these values, and {@link Builder#build()} refuses values that contradict each other with an
 * {@link InvalidDefinitionException}.
 */
public final class PoolOptions {

    private static final PoolOptions DEFAULTS = builder().build();

    /** Nobody else has them and nobody changes them. */
    private final PoolKnobs chosen;

    private PoolOptions(PoolKnobs chosen) {
        this.chosen = chosen;
    }

    /** {@return the options of a definition that names none; always the same instance} */
    public static PoolOptions defaults() {
        return DEFAULTS;
    }

    /** {@return a builder that starts from the defaults} */
    public static Builder builder() {
        return new Builder(new PoolKnobs());
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        return new Builder(chosen.copy());
    }

    /** {@return what the r2dbc-pool is called, or null for the name of its connection} */
    public @Nullable String name() {
        return chosen.name;
    }

    /** {@return the most physical connections that the pool holds} */
    public int maxSize() {
        return chosen.maxSize;
    }

    /** {@return how many open connections wait for a borrower at least, once the pool is open} */
    public int minIdle() {
        return chosen.minIdle;
    }

    /** {@return how many borrowers may wait for a connection at the same time} */
    public int maxWaiting() {
        return chosen.maxWaiting;
    }

    /** {@return how long a borrower waits for a connection, from its request to its delivery, opening included} */
    public Duration acquireTimeout() {
        return chosen.acquireTimeout;
    }

    /** {@return how long opening one physical connection may take} */
    public Duration createTimeout() {
        return chosen.createTimeout;
    }

    /** {@return how long a validation may take; always shorter than {@link #acquireTimeout()}} */
    public Duration validationTimeout() {
        return chosen.validationTimeout();
    }

    /** {@return how long a connection is idle before its next delivery validates it} */
    public Duration validateAfterIdle() {
        return chosen.validateAfterIdle;
    }

    /** {@return whether a validation asks the server, or only whether the socket is open} */
    public ValidationDepth validation() {
        return chosen.validation;
    }

    /** {@return the query that validates a connection, or null where the driver's own validation does} */
    public @Nullable String validationQuery() {
        return chosen.validationQuery;
    }

    /** {@return within what time an idle connection is asked whether it is alive, or null for never} */
    public @Nullable Duration keepAlive() {
        return chosen.keepAlive;
    }

    /** {@return how long a connection stays open while nobody uses it} */
    public Duration idleTimeout() {
        return chosen.idleTimeout;
    }

    /** {@return how long a connection lives, less its share of {@link #lifetimeVariance()}} */
    public Duration maxLifetime() {
        return chosen.maxLifetime;
    }

    /** {@return by how many per cent of {@link #maxLifetime()} a connection's life is shortened at most} */
    public int lifetimeVariance() {
        return chosen.lifetimeVariance;
    }

    /** {@return how long a released connection may take to undo what its borrower changed} */
    public Duration resetTimeout() {
        return chosen.resetTimeout;
    }

    /** {@return how long the borrowed connections of a removed or replaced pool may finish before they are closed} */
    public Duration drainTimeout() {
        return chosen.drainTimeout;
    }

    /** {@return after how long a borrower that has not returned its connection is reported, or null for never} */
    public @Nullable Duration leakThreshold() {
        return chosen.leakThreshold;
    }

    /** {@return whether every returned session is reset, or only one that is known to have been changed} */
    public boolean alwaysReset() {
        return chosen.alwaysReset;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other
                || (other instanceof PoolOptions that && chosen.byName().equals(that.chosen.byName()));
    }

    @Override
    public int hashCode() {
        return chosen.byName().hashCode();
    }

    @Override
    public String toString() {
        String knobs = chosen.byName().toString();
        return "PoolOptions[" + knobs.substring(1, knobs.length() - 1) + "]";
    }

    /** Collects values; nothing is checked before {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private final PoolKnobs knobs;

        private Builder(PoolKnobs knobs) {
            this.knobs = knobs;
        }

        /**
         * What the r2dbc-pool behind the connection is called. The name of its connection by default; another name lets the
         * pools of many connections, such as those of one shard, be counted together.
         *
         * @param name 1 to 200 characters, not blank, without control or invisible characters
         * @return this builder
         */
        public Builder name(String name) {
            knobs.name = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * The most physical connections that the pool holds. 10 by default: a database serves a few busy connections per
         * core best, and many pools of one host add up.
         *
         * @param maxSize at least 1
         * @return this builder
         */
        public Builder maxSize(int maxSize) {
            knobs.maxSize = maxSize;
            return this;
        }

        /**
         * How many open connections wait for a borrower at least. They are opened in the background once the pool is open, and
         * again when others were taken, died or grew too old; borrowers come first, and idle time-outs do not apply to them.
         * 0 by default: hundreds of names on one host must not hold connections that nobody uses.
         *
         * @param minIdle 0 to maxSize
         * @return this builder
         */
        public Builder minIdle(int minIdle) {
            knobs.minIdle = minIdle;
            return this;
        }

        /**
         * How many borrowers may wait for a connection at the same time; the next one fails at once with a
         * {@link WaitingQueueFullException}. 10,000 by default: a queue that long is an outage, and telling late comers at once
         * leaves the program memory and time to answer its own callers.
         *
         * @param maxWaiting 0 lets nobody wait
         * @return this builder
         */
        public Builder maxWaiting(int maxWaiting) {
            knobs.maxWaiting = maxWaiting;
            return this;
        }

        /**
         * How long a borrower waits for a connection: one deadline over queueing, opening, validating and preparing. 30
         * seconds by default, so that a short overload passes while no borrower hangs for ever.
         *
         * @param acquireTimeout at least 10 ms
         * @return this builder
         */
        public Builder acquireTimeout(Duration acquireTimeout) {
            knobs.acquireTimeout = Objects.requireNonNull(acquireTimeout, "acquireTimeout");
            return this;
        }

        /**
         * How long opening one physical connection may take. 10 seconds by default: slower than any healthy log-in with TLS,
         * yet short enough that a second host is tried within the acquire time-out.
         *
         * @param createTimeout at least 10 ms
         * @return this builder
         */
        public Builder createTimeout(Duration createTimeout) {
            knobs.createTimeout = Objects.requireNonNull(createTimeout, "createTimeout");
            return this;
        }

        /**
         * How long a validation may take. 2 seconds by default, or half of the acquire time-out where that is shorter: drivers
         * validate without any time-out of their own, and a dead connection found late must leave time to open another.
         *
         * @param validationTimeout at least 10 ms and shorter than the acquire time-out
         * @return this builder
         */
        public Builder validationTimeout(Duration validationTimeout) {
            knobs.validationTimeout = Objects.requireNonNull(validationTimeout, "validationTimeout");
            return this;
        }

        /**
         * How long a connection is idle before its next delivery validates it, unless a ping was answered since. 30 seconds by
         * default: a busy pool pays no round trip for it, and connections that a firewall dropped are found out.
         *
         * @param validateAfterIdle zero validates at every delivery
         * @return this builder
         */
        public Builder validateAfterIdle(Duration validateAfterIdle) {
            knobs.validateAfterIdle = Objects.requireNonNull(validateAfterIdle, "validateAfterIdle");
            return this;
        }

        /**
         * Whether a validation asks the server ({@code REMOTE}) or only whether the socket is open ({@code LOCAL}). REMOTE by
         * default: a connection that a firewall dropped looks open from here.
         *
         * @param validation how deep to look
         * @return this builder
         */
        public Builder validation(ValidationDepth validation) {
            knobs.validation = Objects.requireNonNull(validation, "validation");
            return this;
        }

        /**
         * Validates with a query in place of the driver's own way; it fails where the query fails. None by default: the drivers
         * know a cheaper message than a query.
         *
         * @param validationQuery a query without parameters, such as {@code SELECT 1}
         * @return this builder
         */
        public Builder validationQuery(String validationQuery) {
            knobs.validationQuery = Objects.requireNonNull(validationQuery, "validationQuery");
            return this;
        }

        /**
         * Within what time an idle connection is asked whether it is alive, by a ping in the background, so that nothing on the way
         * forgets it; one that does not answer within the validation time-out is closed. Off by default: idle connections
         * are closed before most firewalls forget them, and a ping keeps a server awake that would sleep. A ping is no
         * use, so the idle time-out goes on, and no borrower waits for one.
         *
         * @param keepAlive at least 100 ms; shorter than the way allows a connection to be silent
         * @return this builder
         */
        public Builder keepAlive(Duration keepAlive) {
            knobs.keepAlive = Objects.requireNonNull(keepAlive, "keepAlive");
            return this;
        }

        /**
         * How long a connection stays open while nobody uses it. 10 minutes by default: below the idle time-outs of most
         * firewalls and servers, so that it is closed by us and not behind our back.
         *
         * @param idleTimeout at least 100 ms
         * @return this builder
         */
        public Builder idleTimeout(Duration idleTimeout) {
            knobs.idleTimeout = Objects.requireNonNull(idleTimeout, "idleTimeout");
            return this;
        }

        /**
         * How long a connection lives at most; one that is in use then ends with its release. 30 minutes by default, so that
         * changed addresses, rotated passwords and a server's grown memory are shed within the hour.
         *
         * @param maxLifetime at least 100 ms
         * @return this builder
         */
        public Builder maxLifetime(Duration maxLifetime) {
            knobs.maxLifetime = Objects.requireNonNull(maxLifetime, "maxLifetime");
            return this;
        }

        /**
         * By how many per cent of its length a connection's life is shortened at most, at random. 10 by default, so that
         * connections that were opened together are not all reopened together.
         *
         * @param percent 0 to 50
         * @return this builder
         */
        public Builder lifetimeVariance(int percent) {
            knobs.lifetimeVariance = percent;
            return this;
        }

        /**
         * How long undoing what a borrower changed may take, or preparing the session of the next; past it, the connection is
         * closed. 5 seconds by default: both are a few round trips, and somebody may be waiting for the connection.
         *
         * @param resetTimeout at least 10 ms
         * @return this builder
         */
        public Builder resetTimeout(Duration resetTimeout) {
            knobs.resetTimeout = Objects.requireNonNull(resetTimeout, "resetTimeout");
            return this;
        }

        /**
         * How long the borrowed connections of a removed or replaced pool may finish before they are closed by force. 30
         * seconds by default, the usual patience of a rolling restart.
         *
         * @param drainTimeout zero closes them at once
         * @return this builder
         */
        public Builder drainTimeout(Duration drainTimeout) {
            knobs.drainTimeout = Objects.requireNonNull(drainTimeout, "drainTimeout");
            return this;
        }

        /**
         * After how long a borrower is reported that has not returned its connection: a line in the log and a
         * {@link ConnectionEvent.LeakSuspected}, with the route and, where Reactor notes it ({@code Hooks.onOperatorDebug()}, its
         * agent, a {@code checkpoint}), the places where its chain was assembled. The connection is left alone. Off by default.
         *
         * @param leakThreshold at least 10 ms; longer than the longest honest use
         * @return this builder
         */
        public Builder leakThreshold(Duration leakThreshold) {
            knobs.leakThreshold = Objects.requireNonNull(leakThreshold, "leakThreshold");
            return this;
        }

        /**
         * Whether every returned session is reset, and not only one of whose changes the handle knows: for functions and
         * procedures that change the session of their caller, which nobody can see from outside. Off by default, as it costs a
         * round trip for each loan on PostgreSQL; elsewhere no message resets a session, so each connection is closed after
         * its use.
         *
         * @param alwaysReset true resets always
         * @return this builder
         */
        public Builder alwaysReset(boolean alwaysReset) {
            knobs.alwaysReset = alwaysReset;
            return this;
        }

        /**
         * Checks the values.
         *
         * @return the options
         * @throws InvalidDefinitionException if a value is out of its range or contradicts another one
         */
        public PoolOptions build() {
            PoolOptions options = new PoolOptions(knobs.copy());
            PoolLimits.check(options, knobs.validationTimeout != null);
            return options;
        }
    }
}
