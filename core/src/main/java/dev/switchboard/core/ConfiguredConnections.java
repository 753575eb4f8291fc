package dev.switchboard.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Which connections of a registry come from a configuration, and how another configuration is applied to them. A name belongs
 * to the configuration as long as it has the slot and the definition that the configuration gave it; everything else is the
 * program's, which has the last word.
 */
final class ConfiguredConnections {

    private final SlotTable table;
    private final ConcurrentMap<String, ConnectionSlot> slots;
    private final RegistryCore core;
    private Map<String, Configured> configured = Map.of();
    private @Nullable String configuredDefault;
    private @Nullable ConnectionBudget configuredBudget;

    /** Nothing is configured yet. */
    ConfiguredConnections(SlotTable table, RegistryCore core) {
        this.table = table;
        this.slots = table.slots();
        this.core = core;
    }

    private record Configured(ConnectionSlot slot, ConnectionDefinition definition) {

        boolean isStillIn(@Nullable ConnectionSlot present) {
            return present == slot && slot.definition().equals(definition);
        }
    }

    /** Applies all or nothing, now; under the lock nobody is called, since drains begin when the result is subscribed. */
    Mono<AppliedConfiguration> apply(SwitchboardConfiguration next) {
        synchronized (table.lock()) {
            table.refuseWhenClosed();
            Change change = new Change(next);
            change.plan();
            return change.made();
        }
    }

    /** The difference between what is configured and what is to be. */
    private final class Change {

        private final SwitchboardConfiguration next;
        private final Map<String, Configured> arriving = new TreeMap<>();
        private final Map<String, Configured> changing = new TreeMap<>();
        private final Map<String, ConnectionSlot> leaving = new TreeMap<>();
        private final Map<String, Configured> after = new HashMap<>();
        private final Set<String> leftToProgram = new HashSet<>();
        private boolean programChoseDefault;
        private @Nullable String nextDefault;
        private @Nullable ConnectionBudget nextBudget;

        private Change(SwitchboardConfiguration next) {
            this.next = next;
        }

        /** Changes nothing, and refuses what cannot be applied. */
        void plan() {
            next.byName().forEach(this::planName);
            configured.forEach((name, before) -> {
                if (!next.byName().containsKey(name) && before.isStillIn(slots.get(name))) {
                    leaving.put(name, before.slot());
                }
            });
            planDefault();
            planBudget();
        }

        /** Caps that the program has set since stay as they are. */
        private void planBudget() {
            ConnectionBudget wanted = next.budget();
            Admission admission = core.admission();
            ConnectionBudget present = admission == null ? null : admission.budget();
            ConnectionBudget configuredOne = configuredBudget == null ? wanted : configuredBudget;
            if (wanted == null || (present != null && !present.equals(configuredOne))) {
                return;
            }
            if (present == null || !present.hasGroupsOf(wanted)) {
                throw ConfigurationProblems.single(
                        ConfigurationScope.BUDGET.words(),
                        ConfigurationProblems.refused(
                                present == null
                                        ? "the registry was made without a budget"
                                        : "the groups of hosts, or the hosts whose connections move, are others than those of the registry",
                                "other caps and weights while a registry runs",
                                "Make a registry of this configuration, with createRegistry()"));
            }
            nextBudget = wanted;
        }

        private void planName(String name, ConnectionDefinition definition) {
            ConnectionSlot present = slots.get(name);
            Configured before = configured.get(name);
            if (present == null) {
                arriving.put(name, new Configured(new ConnectionSlot(definition, core), definition));
            } else if (before == null || !before.isStillIn(present)) {
                leftToProgram.add(name);
            } else if (before.definition().equals(definition)) {
                after.put(name, before);
            } else {
                changing.put(name, new Configured(present, definition));
            }
        }

        /** A default that the program chose stays; one that a configuration chose goes with it. */
        private void planDefault() {
            String present = table.defaultName();
            programChoseDefault = present != null && !present.equals(configuredDefault);
            nextDefault = next.defaultConnection();
            ConfigurationAssembly.Reference chosen = next.chosenDefault();
            if (programChoseDefault && present != null && leaving.containsKey(present)) {
                throw new DefaultConnectionException(present);
            }
            if (chosen != null && !next.byName().containsKey(chosen.name()) && !stays(chosen.name())) {
                throw ConfigurationProblems.single(
                        chosen.where(),
                        ConfigurationProblems.refused(
                                "there is no connection " + ErrorText.quoted(chosen.name()),
                                "a connection of the configuration, or one that the program registered before",
                                "Correct the name, or define the connection"));
            }
        }

        private boolean stays(String name) {
            return slots.containsKey(name) && !leaving.containsKey(name);
        }

        /**
         * Makes the change. What the program did since it was planned counts: a name that it took meanwhile is its own, and
         * where it closed the registry what went until then is drained all the same.
         */
        Mono<AppliedConfiguration> made() {
            List<Mono<Void>> drains = new ArrayList<>();
            try {
                make(drains);
            } catch (RegistryClosedException meanwhile) {
                return core.background().detached(Mono.when(drains)).then(Mono.error(meanwhile));
            }
            return core.background().detached(Mono.when(drains)).thenReturn(applied());
        }

        private void make(List<Mono<Void>> drains) {
            arrive(drains);
            arriving.keySet().stream()
                    .filter(after::containsKey)
                    .map(table::arrived)
                    .forEach(drains::add);
            changing.forEach((name, wanted) -> {
                ConnectionDefinition before =
                        Objects.requireNonNull(configured.get(name), name).definition();
                Mono<Void> drain = wanted.slot().replace(before, wanted.definition());
                keep(name, wanted, drain != null);
                drains.add(drain == null ? Mono.empty() : drain);
            });
            if (!programChoseDefault) {
                useDefault(nextDefault);
            }
            configuredDefault = programChoseDefault ? null : nextDefault;
            limit(drains);
            leaving.forEach((name, slot) -> {
                slots.remove(name, slot);
                drains.add(slot.remove(() -> new ConnectionDrainingException(name)));
            });
            configured = after;
        }

        /** Like a drain, after the lock is let go: who waited at the old cap goes on. */
        private void limit(List<Mono<Void>> drains) {
            Admission admission = core.admission();
            ConnectionBudget wanted = nextBudget;
            if (admission != null && wanted != null) {
                configuredBudget = wanted;
                drains.add(Mono.fromRunnable(() -> admission.limit(wanted)));
            }
        }

        private void arrive(List<Mono<Void>> drains) {
            arriving.forEach((name, wanted) -> keep(name, wanted, slots.putIfAbsent(name, wanted.slot()) == null));
            try {
                table.refuseWhenClosed();
            } catch (RegistryClosedException meanwhile) {
                after.keySet().retainAll(arriving.keySet());
                after.forEach((name, made) -> drains.add(table.withdraw(name, made.slot())));
                throw meanwhile;
            }
        }

        private void keep(String name, Configured wanted, boolean isMade) {
            if (isMade) {
                after.put(name, wanted);
            } else {
                leftToProgram.add(name);
            }
        }

        private void useDefault(@Nullable String name) {
            if (name == null) {
                table.noDefault();
            } else {
                table.makeDefault(name);
            }
        }

        private AppliedConfiguration applied() {
            arriving.keySet().removeAll(leftToProgram);
            changing.keySet().removeAll(leftToProgram);
            return new AppliedConfiguration(arriving.keySet(), changing.keySet(), leaving.keySet(), leftToProgram);
        }
    }
}
