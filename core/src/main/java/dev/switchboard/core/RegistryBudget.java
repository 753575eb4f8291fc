package dev.switchboard.core;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The connection budget of a running registry: what it is, how it stands, and how it is changed. Thread-safe; never blocks. */
public final class RegistryBudget {

    private final RegistryCore core;

    RegistryBudget(RegistryCore core) {
        this.core = core;
    }

    /** {@return the budget in force, or null where the registry was made without one} */
    public @Nullable ConnectionBudget limits() {
        Admission admission = core.admission();
        return admission == null ? null : admission.budget();
    }

    /**
     * Puts another budget in force, for example when the share of a server's limit that this program may use has changed. What is
     * idle and too much is closed at once, the rest when it comes back; nothing in use is closed. Who waits goes on at once where
     * there is more room now. Takes effect before this returns; closing goes on in the background.
     *
     * @param next the caps from now on; its groups, and the hosts whose connections move, must be those of the budget in force
     * @return this
     * @throws InvalidDefinitionException if the registry was made without a budget, or the groups or moving hosts are others
     */
    public RegistryBudget limit(ConnectionBudget next) {
        Admission admission = core.admission();
        ConnectionBudget now = admission == null ? null : admission.budget();
        if (admission == null || now == null) {
            throw new InvalidDefinitionException(
                    null,
                    "the registry was made without a budget",
                    "another budget in place of one",
                    "Give the registry a budget when it is made, which may be one without caps");
        }
        DefinitionChecks.refuseIf(
                null,
                !now.hasGroupsOf(next),
                "the new budget has other groups of hosts, or lets connections of other hosts move",
                "the groups and moving hosts of the budget in force",
                "Change caps and weights only, or make another registry");
        admission.limit(next);
        return this;
    }

    /** {@return how the whole registry stands, all of it at one moment; all zero where it was made without a budget} */
    public BudgetStatus total() {
        Admission admission = core.admission();
        return admission == null ? BudgetStatus.none() : admission.look(() -> BudgetStatus.of(admission.total()));
    }

    /** {@return how each host or group stands that has a pool; empty where the registry was made without a budget} */
    public List<BudgetStatus> hosts() {
        Admission admission = core.admission();
        return admission == null
                ? List.of()
                : admission.look(() -> admission.queues().stream()
                        .map(queue -> BudgetStatus.of(queue.quota()))
                        .toList());
    }

    /**
     * How each name stands that has an open pool, in one sum where it has several: those of a SQLite file's writer and readers, or one
     * that was replaced and still drains, whose size does not count any more.
     *
     * @return one for each such name; empty where the registry was made without a budget
     */
    public List<BudgetStatus> names() {
        Admission admission = core.admission();
        return admission == null
                ? List.of()
                : admission.look(() -> List.copyOf(admission.queues().stream()
                        .flatMap(queue -> queue.lanes().stream())
                        .map(Lane::status)
                        .collect(Collectors.toMap(
                                BudgetStatus::scope, Function.identity(), BudgetStatus::and, LinkedHashMap::new))
                        .values()));
    }
}
