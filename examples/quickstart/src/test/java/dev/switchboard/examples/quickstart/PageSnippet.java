package dev.switchboard.examples.quickstart;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * What surrounds a snippet of a page: it is compiled as the method of a subclass. Public, since that subclass has a class
 * loader of its own.
 */
public abstract class PageSnippet {

    /** A row, for snippets that do not declare one. */
    public record Customer(long id, String name) {}

    protected final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    protected final RoutingConnectionFactory routed = RoutingConnectionFactory.over(registry);
    protected final SqlClient db = SqlClient.over(routed);
    protected final Flux<Customer> customers =
            db.sql("SELECT id, name FROM customer").map(Customer.class).all();

    protected String ordersUrl = "";
    protected String billingUrl = "";
    protected String archiveUrl = "";
    protected String newArchiveUrl = "";
    protected Path auditFile = Path.of("");
    protected Path folder = Path.of("");

    private final List<List<?>> results = new ArrayList<>();
    private final List<String> printed = new ArrayList<>();
    private boolean printsFailures;

    protected abstract void snippet() throws Exception;

    /** Gets the value of each statement of the snippet that is an expression; runs it where it is a chain. */
    protected final void use(@Nullable Object value) {
        if (value instanceof Publisher<?> chain) {
            run(Flux.from(chain));
        } else if (value != null && value != registry) {
            printed.add(value.toString());
        }
    }

    private void run(Flux<?> chain) {
        try {
            List<?> rows =
                    chain.collectList().blockOptional(Duration.ofSeconds(30)).orElseThrow();
            results.add(rows);
            rows.forEach(row -> printed.add(row.toString()));
        } catch (RuntimeException failure) {
            if (!printsFailures) {
                throw failure;
            }
            printed.add(failure.getClass().getSimpleName() + ": " + failure.getMessage());
        }
    }

    /** Runs the snippet and answers with the values of its chains; the first one that fails ends it. */
    final List<List<?>> run(String orders, String billing, Path files) throws Exception {
        ordersUrl = orders;
        billingUrl = billing;
        folder = files;
        auditFile = files.resolve("audit.db");
        archiveUrl = sqliteUrl(files.resolve("archive.db"));
        newArchiveUrl = sqliteUrl(files.resolve("archive-2.db"));
        registry.register("orders", orders)
                .register("billing", billing)
                .register(ConnectionDefinition.sqlite("audit", auditFile));
        try {
            snippet();
            return results;
        } finally {
            registry.close().block(Duration.ofSeconds(30));
        }
    }

    /** Runs the snippet and answers with what it prints: a line for each row, each other value and each failure. */
    final List<String> print(String orders, String billing, Path files) throws Exception {
        printsFailures = true;
        run(orders, billing, files);
        return printed;
    }

    private static String sqliteUrl(Path file) {
        return "r2dbc:sqlite:///" + file.toUri().getRawPath();
    }
}
