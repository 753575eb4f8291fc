package dev.switchboard.databases;

import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the servers of one product come from in this JVM.
 *
 * @param product the product
 * @param shared the ways to get the server that this JVM shares, the preferred one first
 * @param own the ways to get a server for one test; a server that a URL names is none
 * @param obstacle what is missing, empty where nothing is
 */
record Decision(Product product, List<ServerSource> shared, List<ServerSource> own, String obstacle) {

    static Decision on(Product product, TestSettings settings) {
        if (product == Product.SQLITE) {
            return new Decision(product, List.of(), List.of(), "");
        }
        if (!hasDriver(product)) {
            return new Decision(
                    product,
                    List.of(),
                    List.of(),
                    "no R2DBC driver on the class path, add the artifact " + product.driverArtifact());
        }
        if (product == Product.H2) {
            return new Decision(product, List.of(), List.of(), "");
        }
        List<ServerSource> own = ownServers(product, settings.mode());
        String url = settings.urls().get(product);
        List<ServerSource> shared = url == null ? own : List.of(new GivenServer(product, url));
        return new Decision(product, shared, own, shared.isEmpty() ? obstacle(product, settings.mode()) : "");
    }

    boolean isAvailable() {
        return obstacle.isEmpty();
    }

    /** The product and its first choice, in a few words. */
    String summary() {
        return Stream.concat(
                        Stream.of(product.productName()),
                        shared.stream().limit(1).map(ServerSource::label))
                .reduce((name, label) -> name + " " + label)
                .orElseThrow();
    }

    static boolean hasDriver(Product product) {
        String place = product == Product.H2 ? "mem:///any" : "//localhost/any";
        return ConnectionFactories.supports(ConnectionFactoryOptions.parse("r2dbc:" + product.driver() + ":" + place));
    }

    private static List<ServerSource> ownServers(Product product, TestSettings.Mode mode) {
        List<ServerSource> sources = new ArrayList<>();
        if (mode != TestSettings.Mode.BINARIES && DockerEngine.answers()) {
            sources.add(new ContainerSource(product));
        }
        if (mode != TestSettings.Mode.DOCKER) {
            binaries(product).ifPresent(sources::add);
        }
        return List.copyOf(sources);
    }

    private static Optional<ServerSource> binaries(Product product) {
        if (!Platform.hasServerBinaries()) {
            return Optional.empty();
        }
        return switch (product) {
            case POSTGRESQL -> PostgresqlBinaries.find();
            case MYSQL -> MysqlBinaries.find();
            case MARIADB -> MariadbBinaries.find();
            case SQLITE, H2 -> Optional.empty();
        };
    }

    private static String obstacle(Product product, TestSettings.Mode mode) {
        String url = "name a server with testdb." + product.driver() + ".url";
        if (mode == TestSettings.Mode.DOCKER) {
            return "testdb.mode is docker and no Docker engine answers; start one, or " + url;
        }
        if (!Platform.hasServerBinaries()) {
            return "no binaries for this platform and no Docker engine; start one, or " + url;
        }
        return "no server on the class path; add the artifact " + artifact(product) + ", or " + url;
    }

    private static String artifact(Product product) {
        return switch (product) {
            case POSTGRESQL -> PostgresqlBinaries.ARTIFACT;
            case MYSQL -> MysqlBinaries.ARTIFACT;
            case MARIADB -> MariadbBinaries.ARTIFACT;
            case SQLITE, H2 -> product.driverArtifact();
        };
    }
}
