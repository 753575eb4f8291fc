package dev.switchboard.core;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ConnectionOverride} may change about a definition. The database and the schema may always be changed, within
 * the place where the definition leads; everything that could carry its password or its data to another place is refused
 * unless it is allowed here, since an override may come from a request. Immutable; {@link #mutate()} gives a builder that
 * starts from these values.
 */
public final class AllowedOverrides {

    private static final int MOST_POOLS = 10_000;
    private static final AllowedOverrides DEFAULTS = new Builder().build();

    private final Set<HostAddress> hosts;
    private final Set<Path> directories;
    private final boolean credentials;
    private final int maxPools;

    private AllowedOverrides(Builder builder, Set<HostAddress> hosts) {
        this.hosts = hosts;
        this.directories = builder.directories.stream()
                .map(directory -> directory.toAbsolutePath().normalize())
                .collect(Collectors.toUnmodifiableSet());
        this.credentials = builder.credentials;
        this.maxPools = builder.maxPools;
    }

    static AllowedOverrides defaults() {
        return DEFAULTS;
    }

    /** {@return a builder that starts from these values} */
    public Builder mutate() {
        Builder builder = new Builder();
        hosts.forEach(host -> builder.hosts.add(written(host)));
        builder.directories.addAll(directories);
        builder.credentials = credentials;
        builder.maxPools = maxPools;
        return builder;
    }

    Set<HostAddress> hosts() {
        return hosts;
    }

    Set<Path> directories() {
        return directories;
    }

    boolean credentials() {
        return credentials;
    }

    /** {@return how many pools the definition may have open for overrides} */
    public int maxPools() {
        return maxPools;
    }

    private static String written(HostAddress host) {
        return host.port() == 0 ? host.spelling() : host.spelling() + ":" + host.port();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AllowedOverrides that
                && maxPools == that.maxPools
                && credentials == that.credentials
                && hosts.equals(that.hosts)
                && directories.equals(that.directories);
    }

    @Override
    public int hashCode() {
        return Objects.hash(hosts, directories, credentials, maxPools);
    }

    @Override
    public String toString() {
        List<String> written = hosts.stream().map(AllowedOverrides::written).toList();
        return "AllowedOverrides[hosts=" + written + ", directories=" + directories + ", credentials=" + credentials
                + ", maxPools=" + maxPools + "]";
    }

    /** Collects what is allowed; nothing is checked before {@link #build()}. Not safe for use by several threads. */
    public static final class Builder {

        private final Set<String> hosts = new LinkedHashSet<>();
        private final Set<Path> directories = new LinkedHashSet<>();
        private boolean credentials;
        private int maxPools = 16;

        private Builder() {}

        /**
         * Allows more hosts. The definition's own host is always allowed, at its own port; another port of it is not. The
         * definition's password goes to every host that stands here.
         *
         * <p>Hosts are compared as texts, whatever the case of ASCII letters and however an IPv6 address is written; nothing is
         * looked up. The driver gets the spelling of this list and never that of the override.
         *
         * @param more host names or addresses: {@code db02} at the definition's own port, or {@code db02:5433} at that one
         * @return this builder
         */
        public Builder hosts(String... more) {
            hosts.addAll(List.of(more));
            return this;
        }

        /**
         * Allows the files of more directories, and of the directories in them. Those of the definition's own file are always
         * allowed.
         *
         * @param more directories; a relative path is resolved by {@link #build()}, against the working directory
         * @return this builder
         */
        public Builder directories(Path... more) {
            directories.addAll(List.of(more));
            return this;
        }

        /**
         * Whether an override may log in as somebody else. False by default.
         *
         * @param allowed whether it may
         * @return this builder
         */
        public Builder credentials(boolean allowed) {
            this.credentials = allowed;
            return this;
        }

        /**
         * How many pools the definition may have open for overrides, each with the definition's own pool options. 16 by
         * default. Whoever needs one more waits within the acquire time-out until one of them is idle, that is without a
         * connection in use and without anybody waiting; the idle one that was used longest ago is closed.
         *
         * @param maxPools at least 1
         * @return this builder
         */
        public Builder maxPools(int maxPools) {
            this.maxPools = maxPools;
            return this;
        }

        /**
         * Checks the values.
         *
         * @return what is allowed
         * @throws InvalidDefinitionException if a host is none, or a number is out of its range
         */
        public AllowedOverrides build() {
            Limits.between("maxPools", maxPools, 1, MOST_POOLS);
            Set<HostAddress> parsed = new LinkedHashSet<>();
            hosts.forEach(host -> parsed.add(parsed(host)));
            return new AllowedOverrides(this, parsed);
        }

        private static HostAddress parsed(String host) {
            HostAddress parsed = HostAddress.parse(host);
            if (parsed == null) {
                throw new InvalidDefinitionException(
                        null,
                        "the allowed host " + ErrorText.quoted(ErrorText.where(host)) + " is not one host",
                        "one host name or address in ASCII, with or without a port, as in db02:5433 or [::1]:5433",
                        "Write each host as a text of its own");
            }
            return parsed;
        }
    }
}
