package dev.switchboard.routing;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One primary, any number of replicas, and how reads are spread over them. Each name leads to one server: a name behind which a
 * proxy or a list of addresses chooses would say of one server what another one has replayed. Immutable; {@link #mutate()} gives
 * a builder that starts from these values.
 */
public final class ReplicaGroup {

    private static final int MOST_REPLICAS = 100;

    /** What happens to a read for which no replica is in the rotation. */
    public enum WithoutReplica {
        /** The primary serves it. */
        PRIMARY,
        /** It fails with {@link NoReplicaException}, so that reads can never overload the primary. */
        ERROR
    }

    /** A copy that nobody changes any more. */
    private final Builder values;

    private ReplicaGroup(Builder values) {
        this.values = new Builder(values);
    }

    /**
     * A group of a primary and replicas of equal weight.
     *
     * @param primary takes the writes
     * @param replicas copy it
     * @return the group
     * @throws InvalidReplicaGroupException if a name comes twice
     */
    public static ReplicaGroup of(String primary, String... replicas) {
        Builder builder = builder(primary);
        for (String replica : replicas) {
            builder.replica(replica);
        }
        return builder.build();
    }

    /**
     * A builder of a group without replicas yet.
     *
     * @param primary takes the writes
     * @return the builder
     */
    public static Builder builder(String primary) {
        return new Builder(primary);
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        return new Builder(values);
    }

    /** {@return the name that was declared as the primary; where the group follows its primary, another member may be it now} */
    public String primary() {
        return values.primary;
    }

    /** {@return the names of the replicas, in their order} */
    public Set<String> replicas() {
        return Collections.unmodifiableSet(values.weights.keySet());
    }

    int weight(String replica) {
        return values.weights.getOrDefault(replica, 1);
    }

    ReplicaSelector selector() {
        return values.selector;
    }

    ReadConsistency consistency() {
        return values.consistency;
    }

    WithoutReplica withoutReplica() {
        return values.withoutReplica;
    }

    @Nullable
    Duration mostBehind() {
        return values.mostBehind;
    }

    Duration probeInterval() {
        return values.probeInterval;
    }

    Duration probeTimeout() {
        return values.probeTimeout;
    }

    Duration catchUpWait() {
        return values.catchUpWait;
    }

    Duration positionAge() {
        return values.positionAge;
    }

    Duration writeWindow() {
        return values.writeWindow;
    }

    Duration writerHold() {
        return values.writerHold;
    }

    boolean followsPrimary() {
        return values.followsPrimary;
    }

    boolean preventsWrites() {
        return values.preventsWrites;
    }

    /** {@return the names of the group} */
    @Override
    public String toString() {
        return "ReplicaGroup[primary " + Shown.quoted(primary()) + ", replicas " + replicas() + "]";
    }

    /** Collects values. Not safe for use by several threads. */
    public static final class Builder {

        private final Map<String, Integer> weights = new LinkedHashMap<>();
        private String primary;
        private ReplicaSelector selector = ReplicaSelector.roundRobin();
        private ReadConsistency consistency = ReadConsistency.ANY;
        private WithoutReplica withoutReplica = WithoutReplica.PRIMARY;
        private @Nullable Duration mostBehind;
        private Duration probeInterval = Duration.ofSeconds(1);
        private Duration probeTimeout = Duration.ofSeconds(1);
        private Duration catchUpWait = Duration.ofMillis(50);
        private Duration positionAge = Duration.ofSeconds(1);
        private Duration writeWindow = Duration.ofSeconds(2);
        private Duration writerHold = Duration.ZERO;
        private boolean followsPrimary;
        private boolean preventsWrites;

        private Builder(String primary) {
            this.primary = RoutingKey.of(primary).name();
        }

        private Builder(Builder from) {
            this(from.primary);
            weights.putAll(from.weights);
            selector = from.selector;
            consistency = from.consistency;
            withoutReplica = from.withoutReplica;
            mostBehind = from.mostBehind;
            probeInterval = from.probeInterval;
            probeTimeout = from.probeTimeout;
            catchUpWait = from.catchUpWait;
            positionAge = from.positionAge;
            writeWindow = from.writeWindow;
            writerHold = from.writerHold;
            followsPrimary = from.followsPrimary;
            preventsWrites = from.preventsWrites;
        }

        /**
         * Another primary. One that is a replica so far is none any more.
         *
         * @param name takes the writes
         * @return this builder
         */
        public Builder primary(String name) {
            primary = RoutingKey.of(name).name();
            weights.remove(name);
            return this;
        }

        /**
         * One more replica, of weight 1.
         *
         * @param name copies the primary
         * @return this builder
         * @throws InvalidReplicaGroupException if the group has the name already
         */
        public Builder replica(String name) {
            return replica(name, 1);
        }

        /**
         * One more replica.
         *
         * @param name copies the primary
         * @param weight its share of the reads beside the others, for {@link ReplicaSelector#weighted()}; 0 to 1,000
         * @return this builder
         * @throws InvalidReplicaGroupException if the group has the name already, or the weight is another one
         */
        public Builder replica(String name, int weight) {
            RoutingKey.of(name);
            if (name.equals(primary) || weights.containsKey(name)) {
                throw new InvalidReplicaGroupException(
                        null, Shown.quoted(name) + " is a member already", "Name each server once");
            }
            if (weight < 0 || weight > 1_000 || weights.size() >= MOST_REPLICAS) {
                throw new InvalidReplicaGroupException(
                        null,
                        "replica " + Shown.quoted(name) + " came with weight " + weight + " beside " + weights.size()
                                + " others",
                        "Give weights from 0 to 1,000 to at most " + MOST_REPLICAS + " replicas");
            }
            weights.put(name, weight);
            return this;
        }

        /**
         * One replica less.
         *
         * @param name a replica; any other name changes nothing
         * @return this builder
         */
        public Builder withoutReplica(String name) {
            weights.remove(name);
            return this;
        }

        /**
         * How a replica is chosen; in turn by default.
         *
         * @param chooses the selector
         * @return this builder
         */
        public Builder selector(ReplicaSelector chooses) {
            selector = Objects.requireNonNull(chooses, "chooses");
            return this;
        }

        /**
         * How fresh reads are that do not say it; {@link ReadConsistency#ANY} by default.
         *
         * @param unlessSaid the consistency
         * @return this builder
         */
        public Builder consistency(ReadConsistency unlessSaid) {
            consistency = Objects.requireNonNull(unlessSaid, "unlessSaid");
            return this;
        }

        /**
         * What happens to a read for which no replica is in the rotation; the primary serves it by default.
         *
         * @param policy the primary or an error
         * @return this builder
         */
        public Builder withoutReplica(WithoutReplica policy) {
            withoutReplica = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * A replica that was this far behind at its last probe leaves the rotation until a probe finds it nearer. Unbounded by
         * default, and on products without log positions.
         *
         * @param lag 10 ms to a minute; not shorter than probes are apart, to be of use
         * @return this builder
         */
        public Builder mostBehind(Duration lag) {
            mostBehind = within("mostBehind", lag, Duration.ofMillis(10), PrimaryHistory.LONGEST);
            return this;
        }

        /**
         * How often the members are probed while the group is used, and how long a probe may take. One second each by default. A
         * replica whose probe fails leaves the rotation, and comes back with its next good one; a probe that got no connection
         * because borrowers have all of them says nothing. A group that nobody asks for a minute is not probed until somebody
         * does.
         *
         * @param interval from the end of one to the beginning of the next, 10 ms to an hour
         * @param timeout 10 ms to a minute
         * @return this builder
         */
        public Builder probe(Duration interval, Duration timeout) {
            probeInterval = within("interval", interval, Duration.ofMillis(10), Duration.ofHours(1));
            probeTimeout = within("timeout", timeout, Duration.ofMillis(10), Duration.ofMinutes(1));
            return this;
        }

        /**
         * How long a read with {@link ReadConsistency#SESSION} waits for a replica to catch up before it goes to the primary. 50 ms
         * by default.
         *
         * @param longest zero to 10 s
         * @return this builder
         */
        public Builder catchUpWait(Duration longest) {
            catchUpWait = within("catchUpWait", longest, Duration.ZERO, Duration.ofSeconds(10));
            return this;
        }

        /**
         * How long what a replica has told is taken for granted, so that a read need not ask it again. A replica never goes back,
         * unless it crashes and is up again from an earlier point within this time; zero asks before every read. One second by
         * default.
         *
         * @param longest zero to a minute
         * @return this builder
         */
        public Builder positionAge(Duration longest) {
            positionAge = within("positionAge", longest, Duration.ZERO, Duration.ofMinutes(1));
            return this;
        }

        /**
         * For products without log positions, or with them switched off: how long after a write the reads of its session go to the
         * primary. Two seconds by default.
         *
         * @param window zero to an hour
         * @return this builder
         */
        public Builder writeWindow(Duration window) {
            writeWindow = within("writeWindow", window, Duration.ZERO, Duration.ofHours(1));
            return this;
        }

        /**
         * Makes writes follow the primary: the members are asked which of them takes writes, and where that is another one than
         * before, new writes go there, at most one probe interval and two probe time-outs after the server has changed its part.
         * The old primary gets no write any more: a transaction that is open there fails with {@link PrimaryMovedException}.
         *
         * <p>PostgreSQL says itself which server it is. On MySQL and MariaDB the replicas must have {@code read_only} set; one that
         * never had is not taken for a primary.
         *
         * @return this builder
         */
        public Builder followPrimary() {
            followsPrimary = true;
            return this;
        }

        /**
         * While no member takes writes, or the primary does not answer, new writers wait instead of failing. It needs
         * {@link #followPrimary()}. They do not wait by default.
         *
         * @param longest zero to a minute; {@link NoPrimaryException} then
         * @return this builder
         */
        public Builder holdWriters(Duration longest) {
            writerHold = within("holdWriters", longest, Duration.ZERO, Duration.ofMinutes(1));
            return this;
        }

        /**
         * Makes every read-only route of the group refuse writes, as {@link Routing#preventWrites()} does.
         *
         * @return this builder
         */
        public Builder preventWrites() {
            preventsWrites = true;
            return this;
        }

        private static Duration within(String what, Duration value, Duration least, Duration most) {
            if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new InvalidReplicaGroupException(
                        null, what + " is " + value, "Give one from " + least + " to " + most);
            }
            return value;
        }

        /** {@return the group} */
        public ReplicaGroup build() {
            return new ReplicaGroup(this);
        }
    }
}
