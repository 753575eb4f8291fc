package dev.switchboard.core;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The connections of a registry as a program, the environment and a properties file say them. Immutable; a registry takes it
 * at its start with {@link #createRegistry()} and while it runs with
 * {@link ReactiveConnectionRegistry#apply}.
 *
 * <p>A definition is merged, value by value, of what is said about the connection, over its template, over the defaults, over
 * the defaults that are built in; about each of these the program is heard first, then the environment, then the file. How
 * values are merged stands at {@link ConnectionTemplate}.
 *
 * <p><b>In a file</b> the keys are {@code switchboard.connections.<name>.<key>}, {@code switchboard.templates.<name>.<key>},
 * {@code switchboard.defaults.<key>}, {@code switchboard.budget.<key>} and {@code switchboard.default-connection}. The keys behind a name are {@code url},
 * {@code driver}, {@code protocol}, {@code host}, {@code port}, {@code database}, {@code user}, {@code password}, {@code schema},
 * {@code role} ({@code primary} or {@code replica}), {@code options.<option of the driver>} and
 * {@code pool.<option of the pool>} with dashes, as in {@code pool.max-size}; of a connection also {@code template}. A name that
 * holds dots stands in brackets, as in {@code switchboard.connections.[orders.eu].url}. Durations are written {@code 500ms},
 * {@code 30s}, {@code 10m}, {@code 2h}, {@code 1d} or {@code PT30S}. The file is in UTF-8 and follows the rules of
 * {@link java.util.Properties}, so a backslash is written twice. Keys that do not start with {@code switchboard.} are passed over.
 *
 * <p><b>Of a budget</b> the keys are {@code total}, {@code per-host}, {@code hosts} (as in {@code db01:5432=50, db02:5432=25}),
 * {@code groups} (as in {@code east=80 db01:5432 db02:5432, west=40 db03:5432}), {@code weights} (as in {@code orders=3, billing=2}),
 * {@code quantum}, {@code control-permits}, {@code reserve}, {@code openings-per-host}, {@code soft}, {@code moving},
 * {@code identical-schemas} (as in {@code east, db03:5432}) and {@code idle-pool-timeout};
 * {@link ConnectionBudget.Builder} says what they mean. How many may wait is an option of each pool, {@code pool.max-waiting}. A list of
 * a stronger source adds to that of a weaker one.
 *
 * <p><b>In the environment</b> the same keys are written in capitals, with an underscore for everything else, as in
 * {@code SWITCHBOARD_CONNECTIONS_ORDERS_POOL_MAX_SIZE}. A name is compared with the names that the program and the file know,
 * written in the same way: {@code ORDERS_EU} means {@code orders-eu} where that is one of them, is refused where {@code orders.eu}
 * is one too, and means {@code orders_eu} where neither is. An option of a driver is taken in camel case: {@code OPTIONS_SSL_MODE}
 * means {@code sslMode}. Other variables that start with {@code SWITCHBOARD_} are refused, except those that Kubernetes sets for a
 * service called switchboard.
 *
 * <p><b>In every value</b> of a file or of the environment, <code>${VAR}</code> stands for a variable of the environment and
 * <code>${VAR:default}</code> for its value or a default; <code>$${</code> is a plain <code>${</code>. What a variable holds is
 * taken as it is. A password with special characters is better put into {@code password} than into a URL, where it has to be
 * percent-encoded.
 *
 * <p>Whatever is wrong is refused with an {@link InvalidConfigurationException} that names all of it and no secret;
 * {@link #toString()} shows names only.
 */
public final class SwitchboardConfiguration {

    private final Map<String, ConnectionDefinition> definitions;
    private final Map<String, ConnectionTemplate> templates;
    private final ConnectionTemplate defaults;
    private final ConfigurationAssembly.@Nullable Reference defaultConnection;
    private final @Nullable ConnectionBudget budget;
    private final @Nullable Duration idlePoolTimeout;

    SwitchboardConfiguration(
            Map<String, ConnectionDefinition> definitions,
            Parts parts,
            ConfigurationAssembly.@Nullable Reference defaultConnection,
            BudgetKey.@Nullable Said budget) {
        this.definitions = Collections.unmodifiableMap(new TreeMap<>(definitions));
        this.templates = new TreeMap<>(parts.templates);
        this.defaults = parts.defaults;
        this.defaultConnection = defaultConnection;
        this.budget = budget == null ? null : budget.budget().build();
        this.idlePoolTimeout = budget == null ? null : budget.idlePoolTimeout();
    }

    /** What definitions are derived from. */
    record Parts(Map<String, ConnectionTemplate> templates, ConnectionTemplate defaults) {}

    /** {@return a builder of a configuration from the environment of this process, to which a file and more may be added} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the definitions of all connections, in the order of their names; unmodifiable} */
    public Collection<ConnectionDefinition> definitions() {
        return definitions.values();
    }

    /**
     * A registry with default options, this budget and these connections, as {@link ReactiveConnectionRegistry#apply} registers
     * them.
     *
     * @return a registry of all of them
     * @throws InvalidConfigurationException when the default connection is none of them
     */
    public ReactiveConnectionRegistry createRegistry() {
        return createRegistry(UnaryOperator.identity());
    }

    /**
     * The same with options that only a program can say, such as metrics or a directory.
     *
     * @param change says them, on a builder that has the budget and the idle pool time-out of this configuration; what it says wins
     * @return a registry of all of them
     * @throws InvalidConfigurationException when the default connection is none of them
     */
    public ReactiveConnectionRegistry createRegistry(UnaryOperator<RegistryOptions.Builder> change) {
        RegistryOptions.Builder options = RegistryOptions.builder();
        if (budget != null) {
            options.budget(budget);
        }
        if (idlePoolTimeout != null) {
            options.idlePoolTimeout(idlePoolTimeout);
        }
        ReactiveConnectionRegistry registry =
                ReactiveConnectionRegistry.create(change.apply(options).build());
        registry.configured().apply(this);
        return registry;
    }

    /** {@return how many connections a registry may have, or null where nothing is said about it} */
    public @Nullable ConnectionBudget budget() {
        return budget;
    }

    /** {@return how long nobody uses a pool before it is closed, or null where nothing is said about it} */
    public @Nullable Duration idlePoolTimeout() {
        return idlePoolTimeout;
    }

    /** {@return the name of the default connection, or null where none is chosen} */
    public @Nullable String defaultConnection() {
        return defaultConnection == null ? null : defaultConnection.name();
    }

    /**
     * A template merged over the defaults, for definitions that the program makes later, as in
     * {@code configuration.template("shards").derive("shard07", d -> d.database("shard07"))}.
     *
     * @param name its name
     * @return the template
     * @throws InvalidConfigurationException if there is no such template
     */
    public ConnectionTemplate template(String name) {
        ConnectionTemplate template = templates.get(Objects.requireNonNull(name, "name"));
        if (template == null) {
            throw ConfigurationProblems.single(
                    "template " + ErrorText.quoted(name),
                    ConfigurationProblems.refused(
                            "it is not in the configuration",
                            ConfigurationProblems.allowed(name, templates.keySet()),
                            "Correct the name, or define the template"));
        }
        return template;
    }

    /** {@return what is said for all connections, over which the program may derive definitions of its own} */
    public ConnectionTemplate defaults() {
        return defaults;
    }

    Map<String, ConnectionDefinition> byName() {
        return definitions;
    }

    ConfigurationAssembly.@Nullable Reference chosenDefault() {
        return defaultConnection;
    }

    @Override
    public String toString() {
        return "SwitchboardConfiguration[connections=" + definitions.keySet() + ", default=" + defaultConnection()
                + "]";
    }

    /** Collects what the program says and where else to look. Reads nothing before it builds. Not safe for several threads. */
    public static final class Builder {

        private static final String PLACE = "program";

        private final Map<ConfigurationScope, ConnectionTemplate> parts = new HashMap<>();
        private final Map<String, String> templates = new HashMap<>();
        private final Map<String, ConnectionDefinition> definitions = new HashMap<>();
        private Map<String, String> environment = System.getenv();
        private @Nullable Path file;
        private @Nullable String defaultConnection;
        private @Nullable UnaryOperator<ConnectionBudget.Builder> budget;

        private Builder() {}

        /**
         * A properties file, the last one to be heard. It must exist when the configuration is built.
         *
         * @param file the file
         * @return this builder
         */
        public Builder file(Path file) {
            this.file = Objects.requireNonNull(file, "file");
            return this;
        }

        /**
         * Other variables than those of this process, both for keys and for <code>${VAR}</code>; an empty map for none.
         *
         * @param environment names to values; copied now
         * @return this builder
         */
        public Builder environment(Map<String, String> environment) {
            this.environment = Map.copyOf(environment);
            return this;
        }

        /**
         * What holds for all connections unless something else says otherwise.
         *
         * @param change says it on a builder in which nothing is said
         * @return this builder
         * @throws InvalidConfigurationException if the defaults were given already
         */
        public Builder defaults(UnaryOperator<ConnectionTemplate.Builder> change) {
            return add(ConfigurationScope.DEFAULTS, change);
        }

        /**
         * A template that connections of any source may name.
         *
         * @param name its name
         * @param change says what it says, on a builder in which nothing is said
         * @return this builder
         * @throws InvalidConfigurationException if this template was given already
         */
        public Builder template(String name, UnaryOperator<ConnectionTemplate.Builder> change) {
            return add(ConfigurationScope.template(checked(name)), change);
        }

        /**
         * A connection, or a part of what is said about it; environment and file may say the rest.
         *
         * @param name its name
         * @param change says what the program has to say, on a builder in which nothing is said
         * @return this builder
         * @throws InvalidConfigurationException if this connection was given already
         */
        public Builder connection(String name, UnaryOperator<ConnectionTemplate.Builder> change) {
            return add(ConfigurationScope.connection(checked(name)), change);
        }

        /**
         * A connection over a template.
         *
         * @param name its name
         * @param template the name of its template, from any source
         * @param change says what is different for this connection, on a builder in which nothing is said
         * @return this builder
         * @throws InvalidConfigurationException if this connection was given already
         */
        public Builder connection(String name, String template, UnaryOperator<ConnectionTemplate.Builder> change) {
            connection(name, change);
            templates.put(name, Objects.requireNonNull(template, "template"));
            return this;
        }

        /**
         * A connection that is merged with nothing, such as one with a session preparation.
         *
         * @param definition its definition
         * @return this builder
         * @throws InvalidConfigurationException if this connection was given already
         */
        public Builder connection(ConnectionDefinition definition) {
            refuseTwice(ConfigurationScope.connection(definition.name()));
            definitions.put(definition.name(), definition);
            return this;
        }

        /**
         * The default connection for chains that name none.
         *
         * @param name a connection of this configuration, or one that the program registers itself
         * @return this builder
         */
        public Builder defaultConnection(String name) {
            this.defaultConnection = checked(name);
            return this;
        }

        /**
         * Caps on connections, or a part of what is said about them; environment and file may say the rest.
         *
         * @param change says what the program has to say, on a builder that has what environment and file say
         * @return this builder
         */
        public Builder budget(UnaryOperator<ConnectionBudget.Builder> change) {
            this.budget = Objects.requireNonNull(change, "change");
            return this;
        }

        /**
         * Reads the file and puts everything together. Blocks while it reads, so it belongs to the start of a program; where
         * nothing may block, use {@link #load()}.
         *
         * @return the configuration
         * @throws InvalidConfigurationException if anything in it cannot be used
         */
        public SwitchboardConfiguration build() {
            return sources().read();
        }

        /**
         * Reads the file and puts everything together, again at each subscription, on a worker that may block. What is added to
         * this builder later has no effect on it.
         *
         * @return the configuration; {@link InvalidConfigurationException} if anything in it cannot be used
         */
        public Mono<SwitchboardConfiguration> load() {
            return Mono.fromCallable(sources()::read).subscribeOn(Schedulers.boundedElastic());
        }

        private ConfigurationSources sources() {
            return new ConfigurationSources(
                    file,
                    environment,
                    new ConfigurationSources.Program(parts, templates, definitions, defaultConnection, budget));
        }

        private static String checked(String name) {
            return DefinitionChecks.name(name);
        }

        private Builder add(ConfigurationScope scope, UnaryOperator<ConnectionTemplate.Builder> change) {
            refuseTwice(scope);
            TemplatePart.Said said = scope.said(PLACE);
            try {
                parts.put(
                        scope,
                        change.apply(new ConnectionTemplate.Builder(List.of(), said))
                                .build());
            } catch (InvalidDefinitionException refused) {
                throw ConfigurationProblems.single(said.words(), refused);
            }
            return this;
        }

        private void refuseTwice(ConfigurationScope scope) {
            if (parts.containsKey(scope)
                    || (scope.section() == ConfigurationScope.Section.CONNECTIONS
                            && definitions.containsKey(scope.name()))) {
                throw ConfigurationProblems.single(
                        scope.words() + " (" + PLACE + ")",
                        ConfigurationProblems.refused(
                                "the program gives it twice",
                                "one for each name",
                                "Remove one of them, or give it a name of its own"));
            }
        }
    }
}
