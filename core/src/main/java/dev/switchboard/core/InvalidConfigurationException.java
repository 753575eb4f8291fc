package dev.switchboard.core;

import io.r2dbc.spi.R2dbcNonTransientException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A configuration cannot be used as it is. It tells everything that was found wrong at once: where (file, line and key, or
 * environment variable), what is allowed and what to do next. It never shows a value that may be a secret.
 */
public final class InvalidConfigurationException extends R2dbcNonTransientException implements SwitchboardError {

    private static final long serialVersionUID = 1L;

    private static final int MOST_IN_MESSAGE = 10;

    private final transient List<String> problems;

    InvalidConfigurationException(List<String> problems) {
        super(message(problems));
        this.problems = List.copyOf(problems);
    }

    /** {@return everything that was found wrong, each in sentences of its own; at least one} */
    public List<String> problems() {
        return problems;
    }

    @Override
    public @Nullable String connectionName() {
        return null;
    }

    @Override
    public Map<String, Object> facts() {
        return ErrorFacts.about(null).and("problems", problems).build();
    }

    private static String message(List<String> problems) {
        if (problems.size() == 1) {
            return "The configuration cannot be used: " + problems.get(0);
        }
        String listed = IntStream.range(0, Math.min(problems.size(), MOST_IN_MESSAGE))
                .mapToObj(problem -> " (" + (problem + 1) + ") " + problems.get(problem))
                .collect(Collectors.joining());
        String more = problems.size() > MOST_IN_MESSAGE ? " And " + (problems.size() - MOST_IN_MESSAGE) + " more." : "";
        return "The configuration cannot be used for " + problems.size() + " reasons:" + listed + more;
    }
}
