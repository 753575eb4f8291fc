package dev.switchboard.databases;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides once where each product comes from, says so in one line, and starts servers when they are first needed. */
final class Provision {
    private static final Logger LOGGER = LoggerFactory.getLogger(Provision.class);
    private static final int START_ATTEMPTS = 3;
    private static final String PORT_TAKEN = "Address already in use";

    private final TestSettings settings;
    private final Map<Product, Decision> decisions = new EnumMap<>(Product.class);
    private final Map<Product, SharedServer> sharedServers = new EnumMap<>(Product.class);

    Provision(TestSettings settings, Consumer<String> announcement) {
        this(settings, product -> Decision.on(product, settings), announcement);
    }

    Provision(TestSettings settings, Function<Product, Decision> decide, Consumer<String> announcement) {
        this.settings = settings;
        for (Product product : Product.values()) {
            decisions.put(product, decide.apply(product));
        }
        Product.servers().forEach(product -> sharedServers.put(product, new SharedServer(product)));
        announcement.accept(summary());
    }

    /** The products that tests can use. One that must run and has its driver here, but cannot run, is an error. */
    Set<Product> available() {
        Set<Product> available = EnumSet.noneOf(Product.class);
        for (Product product : Product.values()) {
            Decision decision = decision(product);
            if (decision.isAvailable()) {
                available.add(product);
            } else if (settings.required().contains(product) && Decision.hasDriver(product)) {
                throw unavailable(product, decision.obstacle(), null);
            }
        }
        return Collections.unmodifiableSet(available);
    }

    DatabaseServer server(Product product) {
        SharedServer shared = sharedServers.get(product);
        if (shared == null) {
            throw notAServer(product);
        }
        return shared.get();
    }

    DatabaseServer startServer(Product product, List<String> serverSettings) {
        if (!product.isServer()) {
            throw notAServer(product);
        }
        return start(product, decision(product).own(), serverSettings, false);
    }

    DatabaseServer startTlsServer(Product product, String hostName, List<String> serverSettings) {
        List<String> all = new ArrayList<>(TestCertificates.ofThisMachine().settings(product, hostName));
        all.addAll(serverSettings);
        return startFromBinaries(product, all);
    }

    /** For servers that must see files of this machine, or each other. */
    DatabaseServer startFromBinaries(Product product, List<String> serverSettings) {
        List<ServerSource> binaries = decision(product).own().stream()
                .filter(source -> !(source instanceof ContainerSource))
                .toList();
        if (binaries.isEmpty()) {
            throw new TestAbortedException(product.productName() + " needs the binaries of the server here");
        }
        return start(product, binaries, serverSettings, false);
    }

    void requireAvailable(Product product) {
        Decision decision = decision(product);
        if (!decision.isAvailable()) {
            throw unavailable(product, decision.obstacle(), null);
        }
    }

    private String summary() {
        String line = decisions.values().stream()
                .filter(Decision::isAvailable)
                .map(Decision::summary)
                .collect(Collectors.joining(", ", "Databases: ", ""));
        return Stream.concat(
                        Stream.of(line),
                        decisions.values().stream()
                                .filter(decision -> !decision.isAvailable())
                                .map(decision -> "no " + decision.summary() + " (" + decision.obstacle() + ")"))
                .collect(Collectors.joining("; "));
    }

    private DatabaseServer start(
            Product product, List<ServerSource> sources, List<String> serverSettings, boolean shared) {
        requireAvailable(product);
        Exception failure = null;
        for (ServerSource source : sources) {
            if (failure != null) {
                LOGGER.warn("{} did not start, trying {}", product.productName(), source.label(), failure);
            }
            try {
                return new DatabaseServer(product, startOnFreePort(source, serverSettings), shared);
            } catch (IOException | RuntimeException notStarted) {
                failure = notStarted;
            }
        }
        String reason = failure == null
                ? "the server is given by a URL, and neither binaries nor Docker can start another one"
                : "it did not start: " + failure.getMessage();
        throw unavailable(product, reason, failure);
    }

    /** Somebody else may take a port between the moment that it is found free and the server's start. */
    private static RunningServer startOnFreePort(ServerSource source, List<String> serverSettings) throws IOException {
        for (int attempt = 1; attempt < START_ATTEMPTS; attempt++) {
            try {
                return source.start(serverSettings);
            } catch (IOException notStarted) {
                if (!String.valueOf(notStarted.getMessage()).contains(PORT_TAKEN)) {
                    throw notStarted;
                }
                LOGGER.info("A port was taken meanwhile, so another one is tried");
            }
        }
        return source.start(serverSettings);
    }

    private RuntimeException unavailable(Product product, String reason, @Nullable Exception cause) {
        String words = product.productName() + " cannot be used: " + reason;
        if (settings.required().contains(product)) {
            return new IllegalStateException(
                    words + ". It must run here; testdb.require lists the products that must.", cause);
        }
        return new TestAbortedException(words, cause);
    }

    private Decision decision(Product product) {
        Decision decision = decisions.get(product);
        if (decision == null) {
            throw new IllegalStateException("No decision about " + product);
        }
        return decision;
    }

    private static IllegalArgumentException notAServer(Product product) {
        return new IllegalArgumentException(product.productName()
                + " has no server; allowed are PostgreSQL, MySQL and MariaDB. Databases.create gives a database.");
    }

    /** The server of one product, started when it is first asked for. A failure is remembered, not tried again. */
    private final class SharedServer {
        private final Product product;
        private @Nullable DatabaseServer server;
        private @Nullable RuntimeException failure;

        SharedServer(Product product) {
            this.product = product;
        }

        synchronized DatabaseServer get() {
            if (failure != null) {
                throw failure;
            }
            if (server == null) {
                try {
                    server = start(product, decision(product).shared(), List.of(), true);
                } catch (RuntimeException notStarted) {
                    failure = notStarted;
                    throw notStarted;
                }
            }
            return server;
        }
    }
}
