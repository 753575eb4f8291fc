package dev.switchboard.core;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a registry uses its {@link ConnectionDirectory}: which names it asks for and what it remembers. Immutable; a builder
 * refuses values out of their range with an {@link InvalidDefinitionException}.
 */
public final class DirectoryOptions {

    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofDays(365);
    private static final DirectoryOptions DEFAULTS = new Builder().build();

    private final Pattern names;
    private final int maxRemembered;
    private final Duration timeToLive;
    private final int maxUnknown;
    private final Duration unknownTimeToLive;
    private final Duration lookupTimeout;

    private DirectoryOptions(Builder builder) {
        this.names = builder.names;
        this.maxRemembered = builder.maxRemembered;
        this.timeToLive = builder.timeToLive;
        this.maxUnknown = builder.maxUnknown;
        this.unknownTimeToLive = builder.unknownTimeToLive;
        this.lookupTimeout = builder.lookupTimeout;
    }

    /** {@return the options that apply where none are named; always the same instance} */
    public static DirectoryOptions defaults() {
        return DEFAULTS;
    }

    /** {@return a builder that starts from the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        return builder()
                .names(names)
                .maxRemembered(maxRemembered)
                .timeToLive(timeToLive)
                .maxUnknown(maxUnknown)
                .unknownTimeToLive(unknownTimeToLive)
                .lookupTimeout(lookupTimeout);
    }

    /** {@return what a name must look like as a whole to be asked for} */
    public Pattern names() {
        return names;
    }

    /** {@return how many answers without open connections are remembered} */
    public int maxRemembered() {
        return maxRemembered;
    }

    /** {@return how long an answer is used before the directory is asked again} */
    public Duration timeToLive() {
        return timeToLive;
    }

    /** {@return how many names without a definition are remembered} */
    public int maxUnknown() {
        return maxUnknown;
    }

    /** {@return how long a name without a definition is not asked for again} */
    public Duration unknownTimeToLive() {
        return unknownTimeToLive;
    }

    /** {@return how long the directory may take to answer} */
    public Duration lookupTimeout() {
        return lookupTimeout;
    }

    /** Whether a name may be asked for; anything else is unknown without a question. */
    boolean accepts(String name) {
        return name.length() <= ConnectionDefinition.LONGEST_NAME
                && name.codePoints().noneMatch(ErrorText::isHidden)
                && names.matcher(name).matches();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof DirectoryOptions that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    @Override
    public String toString() {
        return "DirectoryOptions[names=" + names + ", maxRemembered=" + maxRemembered + ", timeToLive=" + timeToLive
                + ", maxUnknown=" + maxUnknown + ", unknownTimeToLive=" + unknownTimeToLive + ", lookupTimeout="
                + lookupTimeout + "]";
    }

    /** Collects values; nothing is checked before {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private static final Pattern USUAL_NAMES = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");

        private Pattern names = USUAL_NAMES;
        private int maxRemembered = 10_000;
        private Duration timeToLive = Duration.ofMinutes(5);
        private int maxUnknown = 1_000;
        private Duration unknownTimeToLive = Duration.ofSeconds(5);
        private Duration lookupTimeout = Duration.ofSeconds(5);

        private Builder() {}

        /**
         * What a name must look like, as a whole, to be asked for; any other name is unknown at once. By default letters, digits,
         * '_', '.' and '-', beginning with a letter or digit: a name may come from a request, and such a name is harmless in SQL,
         * in a path and in a URL. Longer names than 200 characters and invisible characters are never asked for.
         *
         * @param names the pattern; one that backtracks without end lets a request stop the program
         * @return this builder
         */
        public Builder names(Pattern names) {
            this.names = Objects.requireNonNull(names, "names");
            return this;
        }

        /**
         * How many answers are remembered. 10,000 by default, which cost a few megabytes. One with open connections is not
         * counted and never dropped.
         *
         * @param maxRemembered at least 1
         * @return this builder
         */
        public Builder maxRemembered(int maxRemembered) {
            this.maxRemembered = maxRemembered;
            return this;
        }

        /**
         * How long an answer is used before the directory is asked again. 5 minutes by default: that long a database that moved
         * is looked for in its old place. The same answer again keeps the pool; another one moves it as
         * {@link ReactiveConnectionRegistry#replace} does; no answer any more drains it.
         *
         * @param timeToLive 10 ms to 365 days
         * @return this builder
         */
        public Builder timeToLive(Duration timeToLive) {
            this.timeToLive = Objects.requireNonNull(timeToLive, "timeToLive");
            return this;
        }

        /**
         * How many names without a definition are remembered. 1,000 by default: enough for a client that repeats its mistake, and
         * no room for one that invents names.
         *
         * @param maxUnknown at least 0
         * @return this builder
         */
        public Builder maxUnknown(int maxUnknown) {
            this.maxUnknown = maxUnknown;
            return this;
        }

        /**
         * How long a name without a definition is not asked for again. 5 seconds by default: a customer who was just created is
         * found soon; {@link ReactiveConnectionRegistry#forget} finds it at once.
         *
         * @param unknownTimeToLive 10 ms to 365 days
         * @return this builder
         */
        public Builder unknownTimeToLive(Duration unknownTimeToLive) {
            this.unknownTimeToLive = Objects.requireNonNull(unknownTimeToLive, "unknownTimeToLive");
            return this;
        }

        /**
         * How long the directory may take to answer; past it everybody who waits gets a {@link DirectoryTimeoutException}. 5
         * seconds by default: a directory is one small query.
         *
         * @param lookupTimeout 10 ms to 365 days
         * @return this builder
         */
        public Builder lookupTimeout(Duration lookupTimeout) {
            this.lookupTimeout = Objects.requireNonNull(lookupTimeout, "lookupTimeout");
            return this;
        }

        /**
         * Checks the values.
         *
         * @return the options
         * @throws InvalidDefinitionException if a value is out of its range
         */
        public DirectoryOptions build() {
            Limits.between("maxRemembered", maxRemembered, 1, Integer.MAX_VALUE);
            Limits.between("timeToLive", timeToLive, SHORTEST, LONGEST);
            Limits.between("maxUnknown", maxUnknown, 0, Integer.MAX_VALUE);
            Limits.between("unknownTimeToLive", unknownTimeToLive, SHORTEST, LONGEST);
            Limits.between("lookupTimeout", lookupTimeout, SHORTEST, LONGEST);
            return new DirectoryOptions(this);
        }
    }
}
