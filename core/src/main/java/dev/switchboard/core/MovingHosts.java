package dev.switchboard.core;

import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The hosts of a budget whose idle connections may go from name to name.
 *
 * @param all groups by name and addresses
 * @param identical those of them whose schemas all have the same tables
 */
record MovingHosts(Set<String> all, Set<String> identical) {

    static final MovingHosts NONE = new MovingHosts(Set.of(), Set.of());

    MovingHosts and(String... hosts) {
        return new MovingHosts(with(all, hosts), identical);
    }

    MovingHosts andIdentical(String... hosts) {
        return new MovingHosts(all, with(identical, hosts));
    }

    private static Set<String> with(Set<String> before, String... hosts) {
        return Arrays.stream(hosts)
                .map(host -> BudgetChecks.canonical(Objects.requireNonNull(host, "host")))
                .collect(Collectors.toCollection(() -> new TreeSet<>(before)));
    }

    /** Whether connections to an address move, which belongs to this host or group. */
    boolean has(String address, String host) {
        return isIn(all, address, host);
    }

    boolean hasIdentical(String address, String host) {
        return isIn(identical, address, host);
    }

    private static boolean isIn(Set<String> hosts, String address, String host) {
        return !hosts.isEmpty() && (hosts.contains(host) || hosts.contains(BudgetChecks.canonical(address)));
    }

    void check(BudgetChecks checks, Set<String> groups) {
        all.forEach(host -> checks.moving(host, groups));
        identical.forEach(host -> checks.identical(host, all));
    }
}
