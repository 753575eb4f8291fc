package dev.switchboard.databases;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the user of the tests chose: each setting is a system property such as {@code testdb.mode} or an environment
 * variable such as {@code TESTDB_MODE}; the property wins.
 *
 * @param mode where servers come from
 * @param required the products that must run
 * @param urls servers that are there already
 */
record TestSettings(Mode mode, Set<Product> required, Map<Product, String> urls) {

    /** Where servers come from. */
    enum Mode {
        /** Containers where a Docker engine answers, binaries elsewhere. */
        AUTO,
        /** Binaries only; nothing asks for Docker. */
        BINARIES,
        /** Containers only. */
        DOCKER
    }

    /** One look at the properties or the environment. */
    interface Lookup extends Function<String, @Nullable String> {}

    static TestSettings ofThisJvm() {
        return read(System::getProperty, System::getenv);
    }

    static TestSettings read(Lookup properties, Lookup environment) {
        Lookup both = name -> {
            String property = properties.apply(name);
            return property == null
                    ? environment.apply(name.toUpperCase(Locale.ROOT).replace('.', '_'))
                    : property;
        };
        Map<Product, String> urls = new EnumMap<>(Product.class);
        for (Product product : Product.servers()) {
            String url = both.apply("testdb." + product.driver() + ".url");
            if (url != null && !url.isBlank()) {
                urls.put(product, url.trim());
            }
        }
        return new TestSettings(mode(both.apply("testdb.mode")), required(both.apply("testdb.require")), urls);
    }

    private static Mode mode(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return Mode.AUTO;
        }
        return Arrays.stream(Mode.values())
                .filter(mode -> mode.name().equalsIgnoreCase(text.trim()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "testdb.mode is \"" + text + "\"; allowed are auto, binaries and docker"));
    }

    private static Set<Product> required(@Nullable String text) {
        if (text == null) {
            return Platform.hasServerBinaries() ? EnumSet.allOf(Product.class) : EnumSet.of(Product.SQLITE, Product.H2);
        }
        Set<Product> required = EnumSet.noneOf(Product.class);
        Arrays.stream(text.split(","))
                .map(String::trim)
                .filter(name -> !name.isEmpty())
                .map(TestSettings::product)
                .forEach(required::add);
        return required;
    }

    private static Product product(String name) {
        return Product.ofDriver(name)
                .orElseThrow(() -> new IllegalArgumentException("testdb.require names \"" + name + "\"; allowed are "
                        + Arrays.stream(Product.values()).map(Product::driver).collect(Collectors.joining(", "))));
    }
}
