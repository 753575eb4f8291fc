package dev.switchboard.core;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A key of {@code switchboard.budget}, and how its value gets into a budget: the only place where these keys are listed.
 *
 * @param text the key, for example {@code per-host}
 * @param setting puts a value into what is being said
 */
record BudgetKey(String text, BiConsumer<Said, ConfigurationValue> setting) {

    /** Whose values name what other keys say. */
    private static final Set<String> OF_OTHERS = Set.of("moving", "identical-schemas");

    private static final Map<String, BudgetKey> ROWS = rows(
            number("total", ConnectionBudget.Builder::total),
            number("per-host", ConnectionBudget.Builder::perHost),
            new BudgetKey(
                    "hosts",
                    (said, value) ->
                            each(value, "db01:5432=50", part -> said.budget().host(part.name(), part.number()))),
            new BudgetKey(
                    "groups",
                    (said, value) -> each(
                            value,
                            "east=80 db01:5432 db02:5432",
                            part -> said.budget()
                                    .group(
                                            part.name(),
                                            part.number(),
                                            part.rest().toArray(String[]::new)))),
            new BudgetKey(
                    "weights",
                    (said, value) ->
                            each(value, "orders=3", part -> said.budget().weight(part.name(), part.number()))),
            number("quantum", ConnectionBudget.Builder::quantum),
            number("control-permits", ConnectionBudget.Builder::controlPermits),
            number("reserve", ConnectionBudget.Builder::reserve),
            number("openings-per-host", ConnectionBudget.Builder::openingsPerHost),
            new BudgetKey("moving", (said, value) -> said.budget().moving(hosts(value))),
            new BudgetKey("identical-schemas", (said, value) -> said.budget().identicalSchemas(hosts(value))),
            new BudgetKey("soft", (said, value) -> said.budget().soft(value.yesOrNo())),
            new BudgetKey("idle-pool-timeout", (said, value) -> said.idlePoolTimeout(value.duration())));

    /** What is said so far. */
    static final class Said {

        private ConnectionBudget.Builder budget = ConnectionBudget.builder();
        private @Nullable Duration idlePoolTimeout;

        ConnectionBudget.Builder budget() {
            return budget;
        }

        void budget(ConnectionBudget.Builder next) {
            budget = next;
        }

        @Nullable
        Duration idlePoolTimeout() {
            return idlePoolTimeout;
        }

        void idlePoolTimeout(Duration timeout) {
            RegistryOptions.builder().idlePoolTimeout(timeout);
            idlePoolTimeout = timeout;
        }
    }

    private static Map<String, BudgetKey> rows(BudgetKey... keys) {
        Map<String, BudgetKey> rows = new LinkedHashMap<>();
        Stream.of(keys).forEach(key -> rows.put(key.text, key));
        return rows;
    }

    private static BudgetKey number(
            String text, BiFunction<ConnectionBudget.Builder, Integer, ConnectionBudget.Builder> setter) {
        return new BudgetKey(text, (said, value) -> said.budget(setter.apply(said.budget(), value.wholeNumber())));
    }

    /** The key of this text, or null where there is none. */
    static @Nullable BudgetKey of(String text) {
        return ROWS.get(text);
    }

    static List<String> texts() {
        return List.copyOf(ROWS.keySet());
    }

    /** Refuses a value that cannot be right whatever else is said. */
    void tryAlone(ConfigurationValue value) {
        Said alone = new Said();
        setting.accept(alone, value);
        if (!OF_OTHERS.contains(text)) {
            alone.budget().build();
        }
    }

    private static String[] hosts(ConfigurationValue value) {
        return Stream.of(value.text().split(",", -1)).map(String::strip).toArray(String[]::new);
    }

    /** One of several that a value lists. */
    private record Part(String name, int number, List<String> rest) {}

    /** Name, number and what follows, as in {@code east=80 db01:5432 db02:5432}, with commas between them. */
    private static void each(ConfigurationValue value, String form, Consumer<Part> taken) {
        for (String text : value.text().split(",", -1)) {
            String[] words = text.strip().split("\\s+", -1);
            int equals = words[0].lastIndexOf('=');
            List<String> rest = List.of(words).subList(1, words.length);
            boolean mayHaveMore = form.indexOf(' ') > 0;
            if (equals < 1 || (!rest.isEmpty() && !mayHaveMore) || (rest.isEmpty() && mayHaveMore)) {
                throw ConfigurationProblems.refused(
                        ErrorText.quoted(value.written()) + " is not such a list",
                        "one or more of the form " + form + ", with commas between them",
                        "Correct the list");
            }
            String number = words[0].substring(equals + 1);
            taken.accept(new Part(
                    words[0].substring(0, equals), new ConfigurationValue(number, number).wholeNumber(), rest));
        }
    }
}
