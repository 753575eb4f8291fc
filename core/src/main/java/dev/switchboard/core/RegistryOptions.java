package dev.switchboard.core;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** What a registry is made with. Immutable; {@link #mutate()} gives a builder that starts from these values. */
public final class RegistryOptions {

    private static final RegistryOptions DEFAULTS = new Builder().build();

    private final ExchangeOptions exchange;
    private final @Nullable Scheduler timer;
    private final @Nullable ConnectionDirectory directory;
    private final DirectoryOptions directoryOptions;
    private final @Nullable ConnectionBudget budget;
    private final @Nullable Duration idlePoolTimeout;
    private final @Nullable ConnectionMetrics metrics;
    private final @Nullable CircuitBreakers circuitBreakers;

    private RegistryOptions(Builder builder) {
        this.exchange = builder.exchange;
        this.timer = builder.timer;
        this.directory = builder.directory;
        this.directoryOptions = builder.directoryOptions;
        this.budget = builder.budget;
        this.idlePoolTimeout = builder.idlePoolTimeout;
        this.metrics = builder.metrics;
        this.circuitBreakers = builder.circuitBreakers;
    }

    /** {@return the options that apply where none are named; always the same instance} */
    public static RegistryOptions defaults() {
        return DEFAULTS;
    }

    /** {@return a builder that starts from the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        Builder builder = new Builder().exchange(exchange);
        builder.timer = timer;
        builder.directory = directory;
        builder.directoryOptions = directoryOptions;
        builder.budget = budget;
        builder.idlePoolTimeout = idlePoolTimeout;
        builder.metrics = metrics;
        builder.circuitBreakers = circuitBreakers;
        return builder;
    }

    /** {@return how handles treat cancelled and overlapping statements} */
    public ExchangeOptions exchange() {
        return exchange;
    }

    /** {@return what runs deadlines and tells the time} */
    public Scheduler timer() {
        return timer == null ? Schedulers.parallel() : timer;
    }

    /** {@return who knows the connections that nobody registered, or null where nobody does} */
    public @Nullable ConnectionDirectory directory() {
        return directory;
    }

    /** {@return which names the directory is asked for and what of its answers is remembered} */
    public DirectoryOptions directoryOptions() {
        return directoryOptions;
    }

    /** {@return how many connections it may have, or null where nothing but the size of each pool bounds them} */
    public @Nullable ConnectionBudget budget() {
        return budget;
    }

    /** {@return how long nobody uses a pool before it is closed, or null where pools stay open} */
    public @Nullable Duration idlePoolTimeout() {
        return idlePoolTimeout;
    }

    /** {@return who is told how pools are used, or null where nobody is} */
    public @Nullable ConnectionMetrics metrics() {
        return metrics;
    }

    /** {@return what decides whether an address that fails is connected to, or null where nothing does} */
    public @Nullable CircuitBreakers circuitBreakers() {
        return circuitBreakers;
    }

    /** Collects values. Not safe for use by several threads. */
    public static final class Builder {

        private ExchangeOptions exchange = ExchangeOptions.defaults();
        private @Nullable Scheduler timer;
        private @Nullable ConnectionDirectory directory;
        private DirectoryOptions directoryOptions = DirectoryOptions.defaults();
        private @Nullable ConnectionMetrics metrics;

        private @Nullable CircuitBreakers circuitBreakers;
        private @Nullable ConnectionBudget budget;
        private @Nullable Duration idlePoolTimeout;

        private Builder() {}

        /**
         * How handles treat cancelled and overlapping statements.
         *
         * @param exchange the options
         * @return this builder
         */
        public Builder exchange(ExchangeOptions exchange) {
            this.exchange = Objects.requireNonNull(exchange, "exchange");
            return this;
        }

        /**
         * What runs deadlines and tells the time. Reactor's parallel scheduler by default; a virtual one makes tests quick.
         *
         * @param timer must not block
         * @return this builder
         */
        public Builder timer(Scheduler timer) {
            this.timer = Objects.requireNonNull(timer, "timer");
            return this;
        }

        /**
         * Who is asked for a name that nobody registered. Nobody by default: such a name is unknown.
         *
         * @param directory the directory
         * @return this builder
         */
        public Builder directory(ConnectionDirectory directory) {
            return directory(directory, DirectoryOptions.defaults());
        }

        /**
         * Who is asked for a name that nobody registered, and how.
         *
         * @param directory the directory
         * @param options which names it is asked for and what of its answers is remembered
         * @return this builder
         */
        public Builder directory(ConnectionDirectory directory, DirectoryOptions options) {
            this.directory = Objects.requireNonNull(directory, "directory");
            this.directoryOptions = Objects.requireNonNull(options, "options");
            return this;
        }

        /**
         * How many physical connections the registry may have, over all and for each host. No budget by default; one without caps
         * may be given caps later.
         *
         * @param budget the caps, and who is served first at a cap
         * @return this builder
         */
        public Builder budget(ConnectionBudget budget) {
            this.budget = Objects.requireNonNull(budget, "budget");
            return this;
        }

        /**
         * How long nobody uses a pool before it is closed; its name stays registered, and the next use opens another one. Pools stay
         * open by default. One that has been told to keep connections ready ({@code minIdle}) is never closed for this.
         *
         * @param idlePoolTimeout 100 ms to 365 days; a pool is closed within half of it more
         * @return this builder
         */
        public Builder idlePoolTimeout(Duration idlePoolTimeout) {
            Limits.between("idlePoolTimeout", idlePoolTimeout, Duration.ofMillis(100), Duration.ofDays(365));
            this.idlePoolTimeout = idlePoolTimeout;
            return this;
        }

        /**
         * Who is told how pools are used. Nobody by default.
         *
         * @param metrics is called on any thread and must not block
         * @return this builder
         */
        public Builder metrics(ConnectionMetrics metrics) {
            this.metrics = Objects.requireNonNull(metrics, "metrics");
            return this;
        }

        /**
         * What decides whether an address that fails is connected to. Nothing by default: then failing addresses are asked more
         * and more slowly, and who waits for them waits until its acquire time-out.
         *
         * @param circuitBreakers a breaker for each address
         * @return this builder
         */
        public Builder circuitBreakers(CircuitBreakers circuitBreakers) {
            this.circuitBreakers = Objects.requireNonNull(circuitBreakers, "circuitBreakers");
            return this;
        }

        /** {@return the options} */
        public RegistryOptions build() {
            return new RegistryOptions(this);
        }
    }
}
