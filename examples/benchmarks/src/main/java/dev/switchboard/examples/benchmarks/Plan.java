package dev.switchboard.examples.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to measure and how long.
 *
 * @param rounds pairs that count; six more come first and only warm up
 * @param scale per cent of the full sizes
 * @param only a word that the names of the measurements must contain; empty for all
 * @param page where to write the table; null to print it only
 */
record Plan(int rounds, int scale, String only, @Nullable Path page) {

    private static final String ALLOWED =
            "Allowed are: sqlite, then in any order rounds=N (9), scale=N (per cent of the"
                    + " full sizes, 100), only=WORD (a part of a measurement's name), write=FILE (a Markdown page).";

    /** Reads the command line; refuses what it does not know. */
    static Plan of(List<String> arguments) {
        if (arguments.isEmpty() || !arguments.get(0).equals("sqlite")) {
            throw new IllegalArgumentException("Say first what to measure. " + ALLOWED);
        }
        int rounds = 9;
        int scale = 100;
        String only = "";
        Path page = null;
        for (String argument : arguments.subList(1, arguments.size())) {
            int equals = argument.indexOf('=');
            String value = argument.substring(equals + 1);
            switch (argument.substring(0, Math.max(0, equals))) {
                case "rounds" -> rounds = number(argument, value);
                case "scale" -> scale = number(argument, value);
                case "only" -> only = value;
                case "write" -> page = Path.of(value);
                default -> throw new IllegalArgumentException("Unknown argument \"" + argument + "\". " + ALLOWED);
            }
        }
        return new Plan(rounds, scale, only, page);
    }

    private static int number(String argument, String value) {
        if (!value.matches("[1-9]\\d{0,4}")) {
            throw new IllegalArgumentException("\"" + argument + "\" needs a number from 1. " + ALLOWED);
        }
        return Integer.parseInt(value);
    }

    /** A full size as this plan runs it, never less than ten. */
    int size(int full) {
        return (int) Math.max(10, (long) full * scale / 100);
    }

    /** Those that are wanted. */
    List<Measurement> chosen(List<Measurement> all) {
        List<Measurement> chosen = new ArrayList<>(all);
        chosen.removeIf(measurement -> !measurement.name().contains(only));
        return chosen;
    }
}
