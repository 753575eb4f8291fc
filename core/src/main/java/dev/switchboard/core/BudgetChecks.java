package dev.switchboard.core;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a budget refuses: values out of their range, and values that contradict each other. */
final class BudgetChecks {

    private final @Nullable Integer control;
    private final @Nullable Integer reserve;
    private final Map<String, String> groupOf = new HashMap<>();

    BudgetChecks(@Nullable Integer control, @Nullable Integer reserve) {
        this.control = control;
        this.reserve = reserve;
        if (control != null) {
            Limits.between("controlPermits", control, 0, Integer.MAX_VALUE);
        }
        if (reserve != null) {
            Limits.between("reserve", reserve, 0, Integer.MAX_VALUE);
        }
    }

    /** A place as a budget compares it: host and port whatever the case; what is no such address, as it is. */
    static String canonical(String where) {
        HostAddress address = HostAddress.parse(where);
        return address == null || address.port() == 0 ? where : address.canonical() + ":" + address.port();
    }

    void cap(String knob, int cap) {
        Limits.between(knob, cap, 1, Integer.MAX_VALUE);
        long aside = (control == null ? 0L : control) + (reserve == null ? 0L : reserve);
        DefinitionChecks.refuseIf(
                null,
                aside >= cap,
                knob + " is " + cap + ", and controlPermits and reserve set " + aside + " of it aside",
                "a cap larger than the two together",
                "Raise " + knob + ", or lower controlPermits or reserve");
    }

    void host(String address, int cap) {
        requireAddress(address);
        cap("the cap of " + ErrorText.quoted(address), cap);
    }

    private static void requireAddress(String address) {
        HostAddress parsed = HostAddress.parse(address);
        DefinitionChecks.refuseIf(
                null,
                address.isBlank() || (parsed != null && parsed.port() == 0),
                "the address " + ErrorText.quoted(address) + " has no port",
                "host and port, as in db01:5432",
                "Add the port");
    }

    void moving(String host, Set<String> groups) {
        HostAddress parsed = HostAddress.parse(host);
        DefinitionChecks.refuseIf(
                null,
                !groups.contains(host) && (host.isBlank() || parsed == null || parsed.port() == 0),
                "moving names " + ErrorText.quoted(host) + ", which is neither a group nor an address with a port",
                groups.isEmpty() ? "host and port, as in db01:5432" : "a group of this budget, or host and port",
                "Name a group, or add the port");
    }

    void identical(String host, Set<String> moving) {
        DefinitionChecks.refuseIf(
                null,
                !moving.contains(host),
                "identicalSchemas names " + ErrorText.quoted(host) + ", whose connections do not move",
                "hosts that moving names too, in the same words",
                "Add it to moving, or leave it out here");
    }

    void group(String name, ConnectionBudget.Group group, Set<String> hosts) {
        DefinitionChecks.refuseIf(
                null,
                name.isBlank() || group.addresses().isEmpty(),
                "the group " + ErrorText.quoted(name) + " has no name or no address",
                "a name and at least one address",
                "Name the group and what belongs to it");
        cap("the cap of group " + ErrorText.quoted(name), group.cap());
        for (String address : group.addresses()) {
            requireAddress(address);
            String other = hosts.contains(address) ? "a cap of its own" : groupOf.put(address, "a group");
            DefinitionChecks.refuseIf(
                    null,
                    other != null,
                    "the address " + ErrorText.quoted(address) + " of group " + ErrorText.quoted(name) + " has " + other
                            + " too",
                    "one cap for each address",
                    "Leave one of the two out");
        }
    }
}
