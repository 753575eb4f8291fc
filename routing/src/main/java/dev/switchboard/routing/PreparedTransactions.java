package dev.switchboard.routing;

import dev.switchboard.core.TransactionStateException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Transactions over several databases that commit in all of them or in none, by two-phase commit with presumed abort. Each part is
 * prepared; then one row in a table of a database that the program names decides for all; then each part is finished. What a
 * crash leaves behind is finished by {@link #recover()}, which a program runs when it starts and from time to time.
 *
 * <pre>{@code PreparedTransactions both = PreparedTransactions.builder(routed, "ledger")
 *         .owner("orders1")
 *         .databases("orders", "billing")
 *         .build();
 * both.createLog().thenMany(both.recover()); // subscribed when the program starts
 * db.inTransaction(work, TransactionOptions.defaults().withPrepared(both));}</pre>
 *
 * <p>Thread-safe; does nothing by itself. Two processes may share an owner: whoever decides first is obeyed by the other.
 *
 * <p>Prepared parts hold their locks until they are finished, through restarts of the servers too. Where an outbox or a repeatable
 * step will do, use that.
 */
public final class PreparedTransactions {

    /** Where a crash can come between; tests stop there. */
    enum Step {
        BEFORE_PREPARE,
        ONE_PREPARED,
        BEFORE_DECISION,
        DECIDED,
        ONE_COMMITTED,
        ALL_COMMITTED
    }

    private static final Pattern OWNER = Pattern.compile("[a-z0-9]{1,20}");
    private static final String PREFIX = "sb-";
    private static final int BASE = 36;
    private static final int RANDOM_BYTES = 8;
    private static final Pattern REST = Pattern.compile("([0-9a-z]{1,12})-[0-9a-z]{1,30}");
    private static final int LONGER = 10;

    private final RoutingConnectionFactory routed;
    private final DecisionLog log;
    private final String owner;
    private final Set<String> databases;
    private final Duration ageLimit;
    private final Duration finishTimeout;
    private final Duration keepDecisions;
    private final Clock clock;
    private final Function<Step, Mono<Void>> steps;
    private final String process = random();
    private final AtomicLong count = new AtomicLong();

    private PreparedTransactions(Builder builder, String owner) {
        this.routed = builder.routed;
        this.clock = builder.clock;
        this.log = new DecisionLog(builder.routed, builder.logConnection, builder.clock);
        this.owner = owner;
        this.databases = new TreeSet<>(builder.databases);
        this.ageLimit = builder.ageLimit;
        this.finishTimeout = builder.finishTimeout;
        this.keepDecisions = builder.keepDecisions;
        this.steps = builder.steps;
    }

    /**
     * Begins a coordinator.
     *
     * @param routed the factory whose transactions it coordinates
     * @param logConnection the connection whose database holds the table {@code switchboard_decision}: PostgreSQL, MySQL, MariaDB
     *     or SQLite; it may be one of those that take part
     * @return a builder
     */
    public static Builder builder(RoutingConnectionFactory routed, String logConnection) {
        return new Builder(
                Objects.requireNonNull(routed, "routed"), Objects.requireNonNull(logConnection, "logConnection"));
    }

    /**
     * Makes the table of decisions where there is none.
     *
     * @return completes when it is there
     */
    public Mono<Void> createLog() {
        return log.create();
    }

    /**
     * Finishes what crashes have left prepared in the databases of this coordinator, as far as it belongs to this owner and is
     * older than the age limit: what was decided is committed, all else is decided against and rolled back. Forgets old decisions
     * of this owner when nothing of it was found anywhere. What cannot be finished yet, as where the session that prepared it is still connected, is left for
     * the next time.
     *
     * @return what was finished, as it is; fails when a database cannot be asked, after the others. Cancelling stops between two parts
     */
    public Flux<RecoveredBranch> recover() {
        return Flux.defer(() -> {
            AtomicBoolean left = new AtomicBoolean();
            return Flux.fromIterable(databases)
                    .concatMapDelayError(name -> new Recovery(this, routed, name).run(left))
                    .concatWith(
                            Mono.defer(() -> left.get() ? Mono.empty() : log.forgetOlderThan(keepDecisions, prefix()))
                                    .then(Mono.empty()));
        });
    }

    /**
     * Recovers now and again and again, until the subscriber cancels; a run that fails is followed by the next one.
     *
     * @param pause from the end of one run to the beginning of the next, above zero
     * @return what was finished, as it is; never completes
     */
    public Flux<RecoveredBranch> recoverEvery(Duration pause) {
        if (pause.isNegative() || pause.isZero()) {
            throw new IllegalArgumentException("The pause is " + pause + "; it must be above zero");
        }
        return recover()
                .onErrorResume(failure -> {
                    Recovery.failed(failure);
                    return Flux.empty();
                })
                .repeatWhen(ends -> ends.delayElements(pause));
    }

    DecisionLog log() {
        return log;
    }

    Duration finishTimeout() {
        return finishTimeout;
    }

    Mono<Void> at(Step step) {
        return Mono.defer(() -> steps.apply(step));
    }

    /** A part that nobody would recover could stay prepared for ever. */
    void checkRecovered(@Nullable String connectionName) {
        if (connectionName == null || !databases.contains(connectionName)) {
            throw new TransactionStateException(
                    connectionName,
                    "it was to take part in a prepared transaction, and is not recovered after a crash",
                    "Name it in databases(..) of PreparedTransactions, which now has " + databases);
        }
    }

    private static String random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** When it began, which process, and a number. */
    String newId() {
        return prefix() + Long.toString(clock.millis(), BASE) + "-" + process
                + Long.toString(count.incrementAndGet(), BASE);
    }

    /** The recovery of another process may be about to decide against it. */
    void checkYoung(String id, @Nullable String connectionName) {
        if (beganBefore(id, ageLimit.dividedBy(2))) {
            throw new TransactionStateException(
                    connectionName,
                    "the work of a prepared transaction took longer than half of the age limit, " + ageLimit.toMillis()
                            + " ms, after which recovery takes it for abandoned",
                    "Do less in one transaction, or raise ageLimit(..) of PreparedTransactions");
        }
    }

    String prefix() {
        return PREFIX + owner + "-";
    }

    /** Whether it belongs to this owner. */
    boolean isOurs(String id) {
        return id.startsWith(prefix())
                && REST.matcher(id.substring(prefix().length())).matches();
    }

    /** Whether nobody can be at work on it any more. */
    boolean isAbandoned(String id) {
        return beganBefore(id, ageLimit);
    }

    private boolean beganBefore(String id, Duration age) {
        Matcher parts = REST.matcher(id.substring(prefix().length()));
        return parts.matches() && Long.parseLong(parts.group(1), BASE) <= clock.millis() - age.toMillis();
    }

    /** Options of a coordinator. */
    public static final class Builder {

        private final RoutingConnectionFactory routed;
        private final String logConnection;
        private @Nullable String owner;
        private Collection<String> databases = Set.of();
        private Duration ageLimit = Duration.ofMinutes(1);
        private Duration finishTimeout = Duration.ofSeconds(10);
        private Duration keepDecisions = Duration.ofDays(7);
        private Clock clock = Clock.systemUTC();
        private Function<Step, Mono<Void>> steps = step -> Mono.empty();

        private Builder(RoutingConnectionFactory routed, String logConnection) {
            this.routed = routed;
            this.logConnection = logConnection;
        }

        /**
         * Whose transactions these are; recovery looks at no others. Has to stay the same when the program starts again.
         *
         * @param name 1 to 20 lower-case letters and digits
         * @return this
         */
        public Builder owner(String name) {
            if (!OWNER.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "The owner is " + Shown.quoted(name)
                                + "; it must be 1 to 20 lower-case letters and digits, since it becomes a part of transaction ids");
            }
            this.owner = name;
            return this;
        }

        /**
         * Which databases may take part, and are recovered. A name may leave only when nothing is prepared there any more.
         *
         * @param names their connection names
         * @return this
         */
        public Builder databases(String... names) {
            this.databases = Set.of(names);
            return this;
        }

        /**
         * How old a transaction must be, from its beginning, before recovery takes it for abandoned. More than twice as long as any work
         * takes, and longer than the clocks of the processes differ; work that took more than half of it is refused the commit.
         *
         * @param age a minute unless it is set
         * @return this
         */
        public Builder ageLimit(Duration age) {
            this.ageLimit = Objects.requireNonNull(age, "age");
            return this;
        }

        /**
         * How long a commit waits for a part to be finished once that is decided, before it leaves it to the recovery.
         *
         * @param limit ten seconds unless it is set
         * @return this
         */
        public Builder finishTimeout(Duration limit) {
            this.finishTimeout = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * How long a decision is remembered that no part is left of. A coordinator that stood still for longer could decide again.
         *
         * @param age a week unless it is set
         * @return this
         */
        public Builder keepDecisions(Duration age) {
            this.keepDecisions = Objects.requireNonNull(age, "age");
            return this;
        }

        Builder clock(Clock newClock) {
            this.clock = newClock;
            return this;
        }

        Builder steps(Function<Step, Mono<Void>> newSteps) {
            this.steps = newSteps;
            return this;
        }

        /**
         * Makes the coordinator.
         *
         * @return it
         * @throws IllegalArgumentException without an owner, without databases, or with times that are too short
         */
        public PreparedTransactions build() {
            String name = owner;
            if (name == null || databases.isEmpty()) {
                throw new IllegalArgumentException(
                        "A coordinator of prepared transactions needs an owner(..) and the databases(..) that take part");
            }
            if (ageLimit.compareTo(Duration.ofSeconds(1)) < 0
                    || keepDecisions.compareTo(ageLimit.multipliedBy(LONGER)) < 0) {
                throw new IllegalArgumentException("ageLimit is " + ageLimit + " and keepDecisions is " + keepDecisions
                        + "; the first must be a second or more, and the second at least " + LONGER + " times as long");
            }
            return new PreparedTransactions(this, name);
        }
    }
}
