package dev.switchboard.core;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How many physical connections a registry may have: over all, for each host, for each name (the {@code maxSize} of its
 * {@link PoolOptions}). Counted are sockets, from before they are connected until they are closed, so no cap is exceeded by one.
 * At a cap borrowers wait, without a thread, until their acquire time-out: in order of arrival within a name, the names of one
 * host taking turns. An idle connection of another name of the host is closed to make room, the least recently used one first;
 * never one in use.
 *
 * <p>A host is an address with its port, as in {@code db01:5432}; several addresses may be one group with one cap. What has no
 * server, such as an SQLite file, is a host of its own. A pool that was replaced and still drains counts in its host and in the
 * whole, and no longer in the size of its name.
 *
 * <p>Immutable; {@link #mutate()} gives a builder that starts from these values, and {@link Builder#build()} refuses values that
 * contradict each other with an {@link InvalidDefinitionException}. It is given to a registry with
 * {@link RegistryOptions.Builder#budget} and may be changed while that runs with {@link RegistryBudget#limit}.
 */
public final class ConnectionBudget {

    /** Where nothing else is said, this many connections of a host are set aside, if its cap is large enough to spare them. */
    private static final int USUALLY_SET_ASIDE = 1;

    private static final int LEAST_TO_SPARE_FROM = 5;

    /** A copy that nobody else has and nobody changes. */
    private final Builder chosen;

    private ConnectionBudget(Builder builder) {
        this.chosen = builder.copy();
    }

    /** {@return a builder of a budget without any cap} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        return chosen.copy();
    }

    /** {@return the most connections of the whole registry, or {@link Integer#MAX_VALUE}} */
    public int total() {
        return chosen.total;
    }

    /**
     * The most connections of the host that an address belongs to.
     *
     * @param address host and port, as in {@code db01:5432}
     * @return the cap of its group, or its own, or that of each host; {@link Integer#MAX_VALUE} where there is none
     */
    public int cap(String address) {
        return hostCap(hostOf(address)).most();
    }

    /** {@return how often a name of weight 1 is served before the next one has its turn} */
    public int quantum() {
        return chosen.quantum;
    }

    /**
     * How many times the quantum a name is served in its turn.
     *
     * @param name a connection name
     * @return its weight, 1 unless set
     */
    public int weight(String name) {
        return chosen.weights.getOrDefault(name, 1);
    }

    /** {@return how many connections of one host may be opening at the same time} */
    public int openingsPerHost() {
        Integer wanted = chosen.openingsPerHost;
        if (wanted != null) {
            return wanted;
        }
        return chosen.total == Builder.NONE ? Builder.NONE : Math.max(2, chosen.total / 4);
    }

    /** {@return whether borrowers may go beyond the caps, what is too much being closed when it comes back} */
    public boolean isSoft() {
        return chosen.soft;
    }

    /**
     * {@return whether idle connections to an address may go from name to name, as {@link Builder#moving} says}
     *
     * @param address host and port, as in {@code db01:5432}
     */
    public boolean isMoving(String address) {
        return chosen.moving.has(address, hostOf(address));
    }

    MovingHosts moving() {
        return chosen.moving;
    }

    Quota.Cap totalCap() {
        return capOf(chosen.total);
    }

    /** The cap of a host as {@link #hostOf} names it. */
    Quota.Cap hostCap(String host) {
        Group group = chosen.groups.get(host);
        return capOf(group != null ? group.cap() : chosen.hosts.getOrDefault(host, chosen.perHost));
    }

    private Quota.Cap capOf(int most) {
        if (most == Builder.NONE) {
            return Quota.Cap.NONE;
        }
        int usual = most < LEAST_TO_SPARE_FROM ? 0 : USUALLY_SET_ASIDE;
        return new Quota.Cap(
                most,
                Objects.requireNonNullElse(chosen.controlPermits, usual),
                Objects.requireNonNullElse(chosen.reserve, usual),
                chosen.soft);
    }

    /** The name of the group that a place belongs to; where it belongs to none, the place. */
    String hostOf(String where) {
        String address = BudgetChecks.canonical(where);
        for (Map.Entry<String, Group> group : chosen.groups.entrySet()) {
            if (group.getValue().addresses().contains(address)) {
                return group.getKey();
            }
        }
        return address;
    }

    /** Whether both take the same addresses for one host, and let connections move on the same hosts. */
    boolean hasGroupsOf(ConnectionBudget other) {
        return members().equals(other.members()) && chosen.moving.equals(other.chosen.moving);
    }

    private Map<String, List<String>> members() {
        Map<String, List<String>> members = new TreeMap<>();
        chosen.groups.forEach((name, group) -> members.put(name, group.addresses()));
        return members;
    }

    private Map<String, Object> knobs() {
        Map<String, Object> knobs = new LinkedHashMap<>();
        if (chosen.total != Builder.NONE) {
            knobs.put("total", chosen.total);
        }
        if (chosen.perHost != Builder.NONE) {
            knobs.put("perHost", chosen.perHost);
        }
        knobs.put("hosts", chosen.hosts);
        knobs.put("groups", chosen.groups);
        knobs.put("weights", chosen.weights);
        knobs.put("quantum", chosen.quantum);
        knobs.put("controlPermits", Objects.requireNonNullElse(chosen.controlPermits, "usual"));
        knobs.put("reserve", Objects.requireNonNullElse(chosen.reserve, "usual"));
        knobs.put("openingsPerHost", openingsPerHost());
        knobs.put("soft", chosen.soft);
        knobs.put("moving", chosen.moving);
        return knobs;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || (other instanceof ConnectionBudget that && knobs().equals(that.knobs()));
    }

    @Override
    public int hashCode() {
        return knobs().hashCode();
    }

    @Override
    public String toString() {
        String knobs = knobs().toString();
        return "ConnectionBudget[" + knobs.substring(1, knobs.length() - 1) + "]";
    }

    /** Several addresses with one cap. */
    record Group(int cap, List<String> addresses) {}

    /** Collects values; nothing is checked before {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private static final int NONE = Integer.MAX_VALUE;

        private int total = NONE;
        private int perHost = NONE;
        private final Map<String, Integer> hosts = new TreeMap<>();
        private final Map<String, Group> groups = new TreeMap<>();
        private final Map<String, Integer> weights = new TreeMap<>();
        private int quantum = 16;
        private @Nullable Integer controlPermits;
        private @Nullable Integer reserve;
        private @Nullable Integer openingsPerHost;
        private boolean soft;
        private MovingHosts moving = MovingHosts.NONE;

        private Builder() {}

        private Builder copy() {
            Builder copy = new Builder();
            copy.total = total;
            copy.perHost = perHost;
            copy.hosts.putAll(hosts);
            copy.groups.putAll(groups);
            copy.weights.putAll(weights);
            copy.quantum = quantum;
            copy.controlPermits = controlPermits;
            copy.reserve = reserve;
            copy.openingsPerHost = openingsPerHost;
            copy.soft = soft;
            copy.moving = moving;
            return copy;
        }

        /**
         * The most connections of the whole registry. No cap by default.
         *
         * @param total at least 1
         * @return this builder
         */
        public Builder total(int total) {
            this.total = total;
            return this;
        }

        /**
         * The most connections of each host that no other cap is set for. No cap by default.
         *
         * @param perHost at least 1
         * @return this builder
         */
        public Builder perHost(int perHost) {
            this.perHost = perHost;
            return this;
        }

        /**
         * The most connections of one host.
         *
         * @param address host and port, as in {@code db01:5432}
         * @param cap at least 1
         * @return this builder
         */
        public Builder host(String address, int cap) {
            hosts.put(BudgetChecks.canonical(Objects.requireNonNull(address, "address")), cap);
            return this;
        }

        /**
         * Takes several addresses for one host: they share its cap, and their names take turns.
         *
         * @param name what the group is called in the status and in errors
         * @param cap at least 1
         * @param addresses host and port of each, as in {@code db01:5432}; each in one group only
         * @return this builder
         */
        public Builder group(String name, int cap, String... addresses) {
            List<String> canonical =
                    Arrays.stream(addresses).map(BudgetChecks::canonical).toList();
            groups.put(Objects.requireNonNull(name, "name"), new Group(cap, canonical));
            return this;
        }

        /**
         * How many times the quantum a name is served in its turn. 1 by default.
         *
         * @param name a connection name
         * @param weight 1 to 1000
         * @return this builder
         */
        public Builder weight(String name, int weight) {
            weights.put(Objects.requireNonNull(name, "name"), weight);
            return this;
        }

        /**
         * How often a name is served before the next one has its turn. A borrower that is the first of its name is overtaken by
         * no other name more often than this (times that name's weight). Where it has to wait because {@link #openingsPerHost}
         * connections are being opened, that bound holds for those who open one as well; who finds an idle connection of its
         * own name passes, since what it takes would not help. 16 by default: changing the name of a connection means opening another one, which
         * costs as much as some dozen short queries.
         *
         * @param quantum 1 to 10,000
         * @return this builder
         */
        public Builder quantum(int quantum) {
            this.quantum = quantum;
            return this;
        }

        /**
         * How many connections of each cap are kept for the few words that stop what another connection is doing. 1 by
         * default, and none of a cap below 5; without them, a statement that has to be stopped may have to wait for another
         * connection to close.
         *
         * @param controlPermits 0 or more, and together with the reserve less than each cap
         * @return this builder
         */
        public Builder controlPermits(int controlPermits) {
            this.controlPermits = controlPermits;
            return this;
        }

        /**
         * How many connections of each cap are kept for borrowers that hold a connection of the same host already. 1 by default,
         * and none of a cap below 5. Such a borrower never waits at a cap, where it could wait for itself: when the reserve is
         * empty too it fails with a {@link BudgetDeadlockException}.
         *
         * @param reserve 0 or more, and together with the control permits less than each cap
         * @return this builder
         */
        public Builder reserve(int reserve) {
            this.reserve = reserve;
            return this;
        }

        /**
         * How many connections of one host may be opening at the same time, so that a dead host does not use up the cap of all. A
         * quarter of {@link #total(int)} by default.
         *
         * @param openingsPerHost at least 1
         * @return this builder
         */
        public Builder openingsPerHost(int openingsPerHost) {
            this.openingsPerHost = openingsPerHost;
            return this;
        }

        /**
         * Lets borrowers open connections beyond the caps for all and for hosts, rather than wait; what is too much is closed as
         * soon as it comes back. Not by default: the server's own limit is not soft.
         *
         * @param soft whether to go beyond the caps
         * @return this builder
         */
        public Builder soft(boolean soft) {
            this.soft = soft;
            return this;
        }

        /**
         * Lets idle connections of these hosts go to other names: one without an idle connection of its own takes one that stands in
         * its schema or database, else switches one, else opens one. Not by default. For PostgreSQL names that differ by
         * {@code schema} only, MySQL and MariaDB names that differ by database or schema only; user, password, settings, role and
         * every option must be equal. Their pools have no statement cache in the driver. What triggers, and functions behind views,
         * leave in a session of MySQL or MariaDB (variables, locks, temporary tables) is not seen: do not let such hosts move.
         *
         * @param hosts groups by name, or addresses with their port, as in {@code db01:5432}
         * @return this builder
         */
        public Builder moving(String... hosts) {
            moving = moving.and(hosts);
            return this;
        }

        /**
         * Says that all schemas that names of these PostgreSQL hosts use have the same tables and types, so that the driver keeps
         * its statements. Where that is not so, statements in transactions fail after a move.
         *
         * @param hosts some of those that {@link #moving} names, in the same words
         * @return this builder
         */
        public Builder identicalSchemas(String... hosts) {
            moving = moving.andIdentical(hosts);
            return this;
        }

        /**
         * Checks the values.
         *
         * @return the budget
         * @throws InvalidDefinitionException if a value is out of its range or contradicts another one
         */
        public ConnectionBudget build() {
            BudgetChecks checks = new BudgetChecks(controlPermits, reserve);
            checks.cap("total", total);
            checks.cap("perHost", perHost);
            hosts.forEach(checks::host);
            groups.forEach((name, group) -> checks.group(name, group, hosts.keySet()));
            weights.forEach(
                    (name, weight) -> Limits.between("the weight of " + ErrorText.quoted(name), weight, 1, 1_000));
            moving.check(checks, groups.keySet());
            Limits.between("quantum", quantum, 1, 10_000);
            if (openingsPerHost != null) {
                Limits.between("openingsPerHost", openingsPerHost, 1, NONE);
            }
            return new ConnectionBudget(this);
        }
    }
}
