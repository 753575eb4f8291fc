package dev.switchboard.core;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a configuration comes from.
 *
 * @param file a properties file, or null
 * @param environment variables of the environment
 * @param program what the program says
 */
record ConfigurationSources(@Nullable Path file, Map<String, String> environment, Program program) {

    /**
     * What the program says, which no other source overrides.
     *
     * @param parts what it says about connections, templates and the defaults
     * @param templates the templates of its connections
     * @param definitions connections that it defines as a whole
     * @param defaultConnection the default connection, or null
     * @param budget what it says about the budget, or null
     */
    record Program(
            Map<ConfigurationScope, ConnectionTemplate> parts,
            Map<String, String> templates,
            Map<String, ConnectionDefinition> definitions,
            @Nullable String defaultConnection,
            @Nullable UnaryOperator<ConnectionBudget.Builder> budget) {

        Program {
            parts = Map.copyOf(parts);
            templates = Map.copyOf(templates);
            definitions = Map.copyOf(definitions);
        }
    }

    ConfigurationSources {
        environment = Map.copyOf(environment);
    }

    /** Reads everything; blocks while it reads the file. */
    SwitchboardConfiguration read() {
        ConfigurationProblems problems = new ConfigurationProblems();
        Placeholders placeholders = new Placeholders(environment);
        List<ConfigurationEntry> ofFile = file == null ? List.of() : fileEntries(file, placeholders, problems);
        Set<ConfigurationScope> known = Stream.concat(
                        Stream.concat(
                                program.parts.keySet().stream(),
                                program.definitions.keySet().stream().map(ConfigurationScope::connection)),
                        ofFile.stream().map(ConfigurationEntry::scope))
                .collect(Collectors.toSet());
        List<ConfigurationEntry> ofEnvironment =
                new ConfigurationVariables(environment, known, placeholders, problems).entries();
        ConfigurationAssembly assembly = new ConfigurationAssembly(program, problems);
        assembly.add("environment", ofEnvironment);
        assembly.add(String.valueOf(file), ofFile);
        problems.throwIfAny();
        SwitchboardConfiguration configuration = assembly.configuration();
        problems.throwIfAny();
        return configuration;
    }

    private static List<ConfigurationEntry> fileEntries(
            Path file, Placeholders placeholders, ConfigurationProblems problems) {
        String name = ErrorText.words(file.toString());
        StringBuilder text = new StringBuilder();
        problems.during("file " + name, () -> text.append(ConfigurationFile.text(file)));
        problems.throwIfAny();
        return new ConfigurationFile(name, placeholders, problems).entries(text.toString());
    }

    /** The names of the templates that a scope could have meant. */
    static List<String> namesOf(ConfigurationScope.Section section, Set<ConfigurationScope> scopes) {
        return List.copyOf(scopes.stream()
                .filter(scope -> scope.section() == section)
                .map(ConfigurationScope::name)
                .collect(Collectors.toCollection(TreeSet::new)));
    }
}
