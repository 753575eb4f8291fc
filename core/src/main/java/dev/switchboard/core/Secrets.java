package dev.switchboard.core;

import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Which options hold secrets, and how a text is freed of them. */
final class Secrets {

    private Secrets() {}

    static boolean isSecret(Option<?> option) {
        String name = option.name().toLowerCase(Locale.ROOT);
        return Stream.of("password", "passwd", "pwd", "secret", "token", "key", "credential")
                .anyMatch(name::contains);
    }

    /** The names of all options that are set. */
    static Set<Option<?>> names(ConnectionFactoryOptions options) {
        Set<Option<?>> names = new LinkedHashSet<>();
        ConnectionFactoryOptions.builder().from(options, option -> {
            names.add(option);
            return false;
        });
        return names;
    }

    /** The text with every value of a secret option replaced. */
    static String removed(String text, ConnectionFactoryOptions options) {
        String clean = text;
        for (Option<?> option : names(options)) {
            Object value = isSecret(option) ? options.getValue(option) : null;
            if (value instanceof CharSequence secret && !secret.isEmpty()) {
                clean = clean.replace(secret, "***");
            }
        }
        return clean;
    }
}
