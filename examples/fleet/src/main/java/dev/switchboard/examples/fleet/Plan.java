package dev.switchboard.examples.fleet;

import dev.switchboard.databases.Product;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is run.
 *
 * @param product of the servers
 * @param naive a pool for each database instead of a budget
 * @param moving idle connections go from database to database
 * @param size the figures by their names
 */
record Plan(Product product, boolean naive, boolean moving, Map<String, Integer> size) {

    private static final Map<String, Integer> USUAL =
            Map.of("servers", 3, "databases", 600, "connections", 40, "chains", 500, "seconds", 20);

    private static final String ALLOWED =
            "Allowed are mariadb (unless said otherwise), mysql or postgresql; naive or moving; and figures such"
                    + " as databases=60: " + new TreeMap<>(USUAL);

    /**
     * Reads words such as {@code postgresql}, {@code naive} and {@code databases=60}.
     *
     * @throws IllegalArgumentException if one of them is not known
     */
    static Plan of(List<String> words) {
        Product product = Product.MARIADB;
        boolean naive = false;
        boolean moving = false;
        Map<String, Integer> size = new TreeMap<>(USUAL);
        for (String word : words) {
            switch (word.toLowerCase(Locale.ROOT)) {
                case "", "true" -> {}
                case "naive" -> naive = true;
                case "moving" -> moving = true;
                case "mariadb" -> product = Product.MARIADB;
                case "mysql" -> product = Product.MYSQL;
                case "postgresql" -> product = Product.POSTGRESQL;
                default -> figure(word, size);
            }
        }
        return new Plan(product, naive, moving, Map.copyOf(size));
    }

    private static void figure(String word, Map<String, Integer> size) {
        String[] parts = word.split("=", 2);
        if (parts.length < 2 || !USUAL.containsKey(parts[0]) || !parts[1].matches("[1-9]\\d{0,5}")) {
            throw new IllegalArgumentException("Unknown word \"" + word + "\". " + ALLOWED);
        }
        size.put(parts[0], Integer.valueOf(parts[1]));
    }

    private int figure(String name) {
        return size.getOrDefault(name, 0);
    }

    int servers() {
        return figure("servers");
    }

    int databases() {
        return figure("databases");
    }

    /** How many connections a server has for the program. */
    int connections() {
        return figure("connections");
    }

    int chains() {
        return figure("chains");
    }

    int seconds() {
        return figure("seconds");
    }
}
