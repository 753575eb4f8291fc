package dev.switchboard.core;

import dev.switchboard.core.ConfigurationScope.Section;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Lays what the sources say over each other. Sources are added from the strongest to the weakest, behind the program. */
final class ConfigurationAssembly {

    private static final String PROGRAM = "program";

    private final ConfigurationSources.Program program;
    private final ConfigurationProblems problems;
    private final Map<ConfigurationScope, ConnectionTemplate> layers;
    private final Map<String, Reference> templatesOf = new HashMap<>();
    /** What is said of the budget, from the weakest source to the strongest. */
    private final Deque<Consumer<BudgetKey.Said>> budget = new ArrayDeque<>();

    private @Nullable Reference defaultConnection;

    ConfigurationAssembly(ConfigurationSources.Program program, ConfigurationProblems problems) {
        this.program = program;
        this.problems = problems;
        this.layers = new HashMap<>(program.parts());
        program.templates()
                .forEach((connection, template) -> templatesOf.put(
                        connection,
                        new Reference(
                                template,
                                ConfigurationScope.connection(connection).words() + " (" + PROGRAM + ")")));
        String chosen = program.defaultConnection();
        if (chosen != null) {
            defaultConnection = new Reference(chosen, "the default connection (" + PROGRAM + ")");
        }
    }

    /** A name that something else is called by, and where. */
    record Reference(String name, String where) {}

    void add(String place, List<ConfigurationEntry> entries) {
        Map<ConfigurationScope, ConnectionTemplate.Builder> parts = new LinkedHashMap<>();
        for (ConfigurationEntry entry : entries) {
            if (entry.scope().section() == Section.BUDGET) {
                problems.during(entry.where(), () -> addToBudget(entry));
                continue;
            }
            ConnectionTemplate.Builder part = parts.computeIfAbsent(
                    entry.scope(), scope -> new ConnectionTemplate.Builder(List.of(), scope.said(place)));
            problems.during(entry.where(), () -> add(entry, part));
        }
        parts.forEach((scope, part) ->
                problems.during(scope.words(), () -> layers.merge(scope, part.build(), ConnectionTemplate::over)));
    }

    private void add(ConfigurationEntry entry, ConnectionTemplate.Builder part) {
        boolean isReference = entry.scope().equals(ConfigurationScope.DEFAULT_CONNECTION)
                || (entry.scope().section() == Section.CONNECTIONS
                        && entry.key().equals(ConfigurationKey.TEMPLATE));
        ConfigurationKey key = isReference ? null : known(entry);
        refuseWholeDefinition(entry.scope());
        boolean mayBeEmpty = key != null && key.mayBeEmpty();
        DefinitionChecks.refuseIf(
                null,
                !mayBeEmpty && entry.value().name().isEmpty(),
                "the value is empty",
                "a value",
                "Leave the key out where there is nothing to say");
        if (key == null) {
            refer(entry);
        } else {
            key.tryAlone(entry);
            key.setting().accept(part, entry);
        }
    }

    private static ConfigurationKey known(ConfigurationEntry entry) {
        ConfigurationKey key = ConfigurationKey.of(entry.key());
        if (key == null) {
            List<String> keys = ConfigurationKey.texts(entry.scope());
            boolean isPartOfName = entry.scope().section().hasNames()
                    && entry.key().indexOf('.') > 0
                    && NearMisses.of(entry.key(), keys.stream()).isEmpty();
            throw ConfigurationProblems.refused(
                    "'" + ErrorText.words(entry.key()) + "' is not a key of "
                            + entry.scope().words(),
                    ConfigurationProblems.allowed(entry.key(), keys),
                    isPartOfName
                            ? "Correct the key; a name that holds dots stands in brackets, as in [orders.eu].url"
                            : "Correct the key");
        }
        return key;
    }

    private void addToBudget(ConfigurationEntry entry) {
        BudgetKey key = BudgetKey.of(entry.key());
        if (key == null) {
            throw ConfigurationProblems.refused(
                    "'" + ErrorText.words(entry.key()) + "' is not a key of the budget",
                    ConfigurationProblems.allowed(entry.key(), BudgetKey.texts()),
                    "Correct the key");
        }
        key.tryAlone(entry.value());
        budget.addFirst(said -> key.setting().accept(said, entry.value()));
    }

    /** What all sources say of the budget, the strongest at last; null where none says anything. */
    private BudgetKey.@Nullable Said budget() {
        UnaryOperator<ConnectionBudget.Builder> ofProgram = program.budget();
        if (budget.isEmpty() && ofProgram == null) {
            return null;
        }
        BudgetKey.Said said = new BudgetKey.Said();
        budget.forEach(saying -> saying.accept(said));
        if (ofProgram != null) {
            said.budget(ofProgram.apply(said.budget()));
        }
        problems.during(ConfigurationScope.BUDGET.words(), () -> said.budget().build());
        return said;
    }

    private void refuseWholeDefinition(ConfigurationScope scope) {
        DefinitionChecks.refuseIf(
                null,
                scope.section() == Section.CONNECTIONS && program.definitions().containsKey(scope.name()),
                "the program defines " + scope.words() + " as a whole, so this would have no effect",
                "values of connections that the program defines in part or not at all",
                "Remove the value, or let the program say only what it must, with connection(name, change)");
    }

    private void refer(ConfigurationEntry entry) {
        Reference reference = new Reference(entry.value().name(), entry.where());
        if (entry.scope().section() == Section.CONNECTIONS) {
            templatesOf.putIfAbsent(entry.scope().name(), reference);
        } else if (defaultConnection == null) {
            defaultConnection = reference;
        }
    }

    /** The configuration; empty of whatever could not be merged, which is among the problems. */
    SwitchboardConfiguration configuration() {
        ConnectionTemplate defaults = layer(ConfigurationScope.DEFAULTS);
        Map<String, ConnectionTemplate> templates = new TreeMap<>();
        for (String name : ConfigurationSources.namesOf(Section.TEMPLATES, layers.keySet())) {
            templates.put(name, layer(ConfigurationScope.template(name)).over(defaults));
        }
        Map<String, ConnectionDefinition> definitions = new TreeMap<>(program.definitions());
        for (String name : ConfigurationSources.namesOf(Section.CONNECTIONS, layers.keySet())) {
            ConfigurationScope scope = ConfigurationScope.connection(name);
            ConnectionTemplate base = base(templates, defaults, templatesOf.get(name));
            problems.during(
                    scope.words(),
                    () -> definitions.put(name, layer(scope).over(base).define(name)));
        }
        BudgetKey.Said said = budget();
        problems.throwIfAny();
        return new SwitchboardConfiguration(
                definitions, new SwitchboardConfiguration.Parts(templates, defaults), defaultConnection, said);
    }

    private ConnectionTemplate layer(ConfigurationScope scope) {
        return layers.getOrDefault(scope, new ConnectionTemplate(List.of()));
    }

    private ConnectionTemplate base(
            Map<String, ConnectionTemplate> templates, ConnectionTemplate defaults, @Nullable Reference chosen) {
        ConnectionTemplate template = chosen == null ? defaults : templates.get(chosen.name());
        if (template != null || chosen == null) {
            return template == null ? defaults : template;
        }
        problems.during(chosen.where(), () -> {
            throw ConfigurationProblems.refused(
                    "there is no template " + ErrorText.quoted(chosen.name()),
                    ConfigurationProblems.allowed(chosen.name(), templates.keySet()),
                    "Correct the name, or define the template");
        });
        return defaults;
    }
}
