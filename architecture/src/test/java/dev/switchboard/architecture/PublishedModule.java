package dev.switchboard.architecture;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The published modules and what each may know: the arrows of ARCHITECTURE.md, one row for each module. */
@SuppressWarnings("ImmutableEnumChecker") // Its collections are unmodifiable.
enum PublishedModule {
    CORE(
            "core",
            "dev.switchboard.core",
            List.of(),
            Library.R2DBC,
            Library.R2DBC_POOL,
            Library.POSTGRESQL_DRIVER,
            Library.REACTOR,
            Library.REACTOR_POOL,
            Library.TLS,
            Library.CAFFEINE,
            Library.MICROMETER,
            Library.RESILIENCE4J,
            Library.LOGGING,
            Library.JSPECIFY),
    JDBC_BRIDGE(
            "jdbc-bridge",
            "dev.switchboard.jdbc",
            List.of(),
            Library.R2DBC,
            Library.REACTOR,
            Library.JDBC,
            Library.SQLITE,
            Library.LOGGING,
            Library.JSPECIFY),
    ROUTING(
            "routing",
            "dev.switchboard.routing",
            List.of(CORE),
            Library.R2DBC,
            Library.REACTOR,
            Library.CAFFEINE,
            Library.CONTEXT_PROPAGATION,
            Library.SIGNATURES,
            Library.LOGGING,
            Library.JSPECIFY),
    TESTING(
            "testing",
            "dev.switchboard.testing",
            // The bridge is met through R2DBC's own service; it comes along for databases in memory.
            List.of(ROUTING, CORE, JDBC_BRIDGE),
            Library.R2DBC,
            Library.REACTOR,
            Library.TESTS,
            Library.JSPECIFY),
    TENANCY(
            "tenancy",
            "dev.switchboard.tenancy",
            List.of(ROUTING, CORE),
            Library.R2DBC,
            Library.REACTOR,
            Library.CAFFEINE,
            Library.LOGGING,
            Library.JSPECIFY),
    SPRING(
            "spring",
            "dev.switchboard.spring",
            List.of(TENANCY, ROUTING, CORE),
            Library.R2DBC,
            Library.REACTOR,
            Library.SPRING,
            Library.JSPECIFY);

    private static final List<String> JAVA =
            List.of("java.io", "java.lang..", "java.math", "java.net", "java.nio..", "java.time..", "java.util..");

    /** Packages beside the one of their module: each for one optional library, which nobody knows outside of it. */
    private static final Map<String, String> INTEGRATIONS = Map.of(
            "dev.switchboard.core.micrometer",
            "io.micrometer.core.instrument",
            "dev.switchboard.core.resilience4j",
            "io.github.resilience4j",
            "dev.switchboard.routing.propagation",
            "io.micrometer.context");

    private final String folder;
    private final String root;
    private final List<PublishedModule> knows;
    private final Set<Library> libraries;

    PublishedModule(String folder, String root, List<PublishedModule> knows, Library... libraries) {
        this.folder = folder;
        this.root = root;
        this.knows = knows;
        this.libraries = Set.of(libraries);
    }

    /** The folder in the repository. */
    String folder() {
        return folder;
    }

    /** The package that everything in the module lives in; the module is named after it. */
    String root() {
        return root;
    }

    /** Every package of the module: its own, and those for optional libraries. */
    List<String> packages() {
        return Stream.concat(
                        Stream.of(root), INTEGRATIONS.keySet().stream().filter(name -> name.startsWith(root + ".")))
                .toList();
    }

    /** Packages for optional libraries and the library of each. */
    static Map<String, String> integrations() {
        return INTEGRATIONS;
    }

    String artifact() {
        return "switchboard-" + folder;
    }

    List<PublishedModule> knows() {
        return knows;
    }

    /** Every package that a class of this module may use. */
    String[] knownPackages() {
        Stream<String> own = Stream.of(root + "..");
        Stream<String> below = knows.stream().map(module -> module.root + "..");
        Stream<String> foreign = libraries.stream().flatMap(library -> library.packages().stream());
        return Stream.of(own, below, foreign, JAVA.stream())
                .flatMap(names -> names)
                .toArray(String[]::new);
    }

    /** Every module that this module's descriptor may require. */
    List<String> requirable() {
        Stream<String> below = knows.stream().map(PublishedModule::root);
        Stream<String> foreign = libraries.stream().flatMap(library -> library.modules().stream());
        return Stream.of(Stream.of("java.base"), below, foreign)
                .flatMap(names -> names)
                .toList();
    }

    /** Every artifact that a program gets with this module, optional ones included. */
    List<String> dependable() {
        Stream<String> below = knows.stream().map(PublishedModule::artifact);
        Stream<String> foreign = libraries.stream().flatMap(library -> library.artifacts().stream());
        return Stream.concat(below, foreign).toList();
    }

    static PublishedModule named(String moduleName) {
        return Arrays.stream(values())
                .filter(module -> module.root.equals(moduleName))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("The module " + moduleName
                        + " has no row in PublishedModule; add one that says what it may know"));
    }

    /** A library by the names it has in sources, in module descriptors and in Maven. */
    @SuppressWarnings("ImmutableEnumChecker") // Its collections are unmodifiable.
    private enum Library {
        R2DBC(
                List.of("io.r2dbc.spi", "org.reactivestreams"),
                List.of("r2dbc.spi", "org.reactivestreams"),
                List.of("r2dbc-spi", "reactive-streams")),
        R2DBC_POOL(List.of("io.r2dbc.pool"), List.of("r2dbc.pool"), List.of("r2dbc-pool")),
        // Optional: the cancel request is not in the R2DBC specification.
        POSTGRESQL_DRIVER(List.of("io.r2dbc.postgresql.api"), List.of("r2dbc.postgresql"), List.of("r2dbc-postgresql")),
        REACTOR(
                List.of("reactor.core..", "reactor.util.."),
                List.of("reactor.core", "org.reactivestreams"),
                List.of("reactor-core")),
        REACTOR_POOL(List.of("reactor.pool"), List.of("reactor.pool"), List.of("reactor-pool")),
        CAFFEINE(
                List.of("com.github.benmanes.caffeine.cache"),
                List.of("com.github.benmanes.caffeine"),
                List.of("caffeine")),
        // Optional, for a package of its own.
        MICROMETER(List.of("io.micrometer.core.instrument"), List.of("micrometer.core"), List.of("micrometer-core")),
        // Optional, for a package of its own.
        RESILIENCE4J(
                List.of("io.github.resilience4j.circuitbreaker"),
                List.of("io.github.resilience4j.circuitbreaker"),
                List.of("resilience4j-circuitbreaker")),
        // Optional, for a package of its own.
        CONTEXT_PROPAGATION(
                List.of("io.micrometer.context"), List.of("context.propagation"), List.of("context-propagation")),
        // To say why a handshake failed.
        TLS(List.of("java.security.cert", "javax.net.ssl"), List.of(), List.of()),
        // To sign what a client carries for us.
        SIGNATURES(List.of("java.security", "javax.crypto.."), List.of(), List.of()),
        JDBC(List.of("java.sql"), List.of("java.sql"), List.of()),
        SQLITE(List.of("org.sqlite.."), List.of("org.xerial.sqlitejdbc"), List.of("sqlite-jdbc")),
        // Optional: the application brings its own.
        SPRING(
                List.of("org.springframework..", "org.aopalliance.intercept"),
                List.of(
                        "spring.core",
                        "spring.beans",
                        "spring.aop",
                        "spring.tx",
                        "spring.r2dbc",
                        "spring.data.commons",
                        "spring.data.relational",
                        "spring.data.r2dbc"),
                List.of("spring-r2dbc", "spring-data-r2dbc")),
        // Optional: the tests bring their own JUnit.
        TESTS(
                List.of(
                        "reactor.test",
                        "org.junit.jupiter.api..",
                        "org.junit.platform.commons.support",
                        "org.opentest4j"),
                List.of("reactor.test", "org.junit.jupiter.api", "org.opentest4j"),
                List.of("reactor-test", "junit-jupiter-api")),
        LOGGING(List.of("org.slf4j"), List.of("org.slf4j"), List.of("slf4j-api")),
        JSPECIFY(List.of("org.jspecify.annotations"), List.of("org.jspecify"), List.of("jspecify"));

        private final List<String> packages;
        private final List<String> modules;
        private final List<String> artifacts;

        Library(List<String> packages, List<String> modules, List<String> artifacts) {
            this.packages = packages;
            this.modules = modules;
            this.artifacts = artifacts;
        }

        List<String> packages() {
            return packages;
        }

        List<String> modules() {
            return modules;
        }

        List<String> artifacts() {
            return artifacts;
        }
    }
}
