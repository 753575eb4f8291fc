package dev.switchboard.testing;

import static io.r2dbc.spi.ConnectionFactoryOptions.DATABASE;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.ConnectionFactory;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Result;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.TestAbortedException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

/** Where the databases of one product are made. JUnit's callbacks block, and so does this. */
final class TestServer {

    static final String CONTAINER_PASSWORD = "switchboard";

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final TestProduct product;
    private final String url;
    private final int attempts;

    private TestServer(TestProduct product, String url, int attempts) {
        this.product = product;
        this.url = url;
        this.attempts = attempts;
    }

    /** The server of a URL that was given, else a container, else an end of the test class that says what is missing. */
    static TestServer of(TestProduct product, ExtensionContext context) {
        String key = product.urlKey();
        String variable = key.toUpperCase(Locale.ROOT).replace('.', '_');
        String environment = System.getenv(variable);
        String given = context.getConfigurationParameter(key).orElse(environment == null ? "" : environment);
        if (!given.isBlank()) {
            return new TestServer(product, checked(product, key, given), 0);
        }
        if (TestContainer.canStart()) {
            return new TestServer(product, TestContainer.url(product, context), 200);
        }
        String missing = "No " + product.driver() + " server for this test. Set the JUnit configuration parameter or"
                + " system property " + key + " or the environment variable " + variable + " to an R2DBC URL whose user"
                + " may create databases, or put org.testcontainers:testcontainers on the class path and start Docker.";
        if (context.getConfigurationParameter("switchboard.test.require")
                .map(Boolean::parseBoolean)
                .orElse(false)) {
            throw new IllegalStateException(missing);
        }
        throw new TestAbortedException(missing);
    }

    /** The URL is not repeated: it holds a password. */
    private static String checked(TestProduct product, String key, String given) {
        if (!given.startsWith("r2dbc:" + product.driver() + "://")) {
            throw new IllegalStateException(key + " is no R2DBC URL of that driver. Allowed: r2dbc:" + product.driver()
                    + "://user:password@host:port/database.");
        }
        return given;
    }

    /** Makes an empty database and answers its URL. */
    Made make() {
        String database = "test_" + UUID.randomUUID().toString().replace("-", "");
        execute(product.create(database));
        return new Made(this, database);
    }

    private void execute(String sql) {
        ConnectionFactoryOptions options = ConnectionFactoryOptions.parse(url);
        if (product == TestProduct.POSTGRESQL && options.getValue(DATABASE) == null) {
            options = options.mutate().option(DATABASE, "postgres").build();
        }
        ConnectionFactory factory = ConnectionFactories.get(options);
        // A server in a container takes a while until it answers, and then once more.
        Mono<? extends Connection> connection =
                Mono.from(factory.create()).retryWhen(Retry.fixedDelay(attempts, PAUSE));
        Mono.usingWhen(
                        connection,
                        open -> Flux.from(open.createStatement(sql).execute())
                                .concatMap(Result::getRowsUpdated)
                                .then(),
                        Connection::close)
                .block(PATIENCE);
    }

    /** One database on a server; closing drops it, and cuts off whoever still uses it. */
    record Made(TestServer server, String database) implements AutoCloseable {

        /** The server's URL with this database in it. */
        String url() {
            URI found = URI.create(server.url.substring("r2dbc:".length()));
            String query = found.getRawQuery() == null ? "" : "?" + found.getRawQuery();
            return "r2dbc:" + found.getScheme() + "://" + found.getRawAuthority() + "/" + database + query;
        }

        @Override
        public void close() {
            server.execute(server.product.drop(database));
        }
    }
}
