package dev.switchboard.core;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the tickets of a {@link JointAdmission} take together of pools and caps. */
final class JointNeeds {

    private JointNeeds() {}

    /** What only one at a time may collect: the pools, or the hosts with a cap, or all below a cap over all. */
    static Set<Object> scopes(List<Ticket> tickets) {
        Set<Object> scopes = new HashSet<>();
        for (Ticket ticket : tickets) {
            Lane lane = ticket.lane();
            if (!lane.isBudgeted()) {
                scopes.add(lane);
            } else {
                scopes.add(lane.admission().total().cap().exists() ? lane.admission() : lane.queue());
            }
        }
        return scopes;
    }

    /** Why they can never be there at the same time; null where they can. */
    static @Nullable Supplier<CapTooLowException> refusal(List<Ticket> tickets) {
        Map<Lane, Integer> lanes = new LinkedHashMap<>();
        Map<Quota, Integer> caps = new LinkedHashMap<>();
        for (Ticket ticket : tickets) {
            Lane lane = ticket.lane();
            lanes.merge(lane, 1, Integer::sum);
            if (lane.isBudgeted()) {
                caps.merge(lane.queue().quota(), 1, Integer::sum);
                caps.merge(lane.admission().total(), 1, Integer::sum);
            }
        }
        for (Map.Entry<Lane, Integer> lane : lanes.entrySet()) {
            int most = lane.getKey().tickets();
            if (lane.getValue() > most) {
                String name = lane.getKey().name();
                return () ->
                        new CapTooLowException(name, lane.getValue(), "the pool of " + ErrorText.quoted(name), most);
            }
        }
        for (Map.Entry<Quota, Integer> cap : caps.entrySet()) {
            Quota.Cap now = cap.getKey().cap();
            if (now.exists() && !now.soft() && cap.getValue() > now.ordinary()) {
                String scope = ErrorText.name(cap.getKey().scope());
                return () -> new CapTooLowException(null, cap.getValue(), scope, now.ordinary());
            }
        }
        return null;
    }
}
