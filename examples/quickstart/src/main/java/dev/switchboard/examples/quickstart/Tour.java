package dev.switchboard.examples.quickstart;

import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.routing.CursorCodec;
import dev.switchboard.routing.FanOut;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.ShardPage;
import dev.switchboard.routing.ShardPages;
import dev.switchboard.routing.SqlClient;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * What a program does with Switchboard, one method for each step. The program has nothing else to do, so it waits for each
 * step with {@code block()}; a WebFlux handler returns the same publishers instead.
 */
final class Tour {

    private final Path folder;
    private final Page page;
    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
    private final SqlClient db = SqlClient.over(RoutingConnectionFactory.over(registry));
    private final Shop shop = new Shop(db);

    Tour(Path folder, Page page) {
        this.folder = folder;
        this.page = page;
    }

    void run() {
        register();
        oneChainManyDatabases();
        defaultConnection();
        addWhileRunning();
        move();
        transactions();
        switchInsideTransaction();
        unknownName();
        allAtOnce();
    }

    private void register() {
        page.heading("Register connections; nothing is opened before it is used");
        registry.register(sqlite("berlin", "berlin.db"))
                .register(sqlite("paris", "paris.db"))
                .register(sqlite("madrid", "madrid.db"));
        for (String name : registry.names()) {
            page.row(name, registry.product(name), List.of(registry.status(name).open() ? "open" : "not opened yet"));
        }
        fill("berlin", new Customer(1, "Ada", 36), new Customer(2, "Kurt", 71));
        fill("paris", new Customer(1, "Marie", 66), new Customer(2, "Blaise", 39));
        fill("madrid", new Customer(1, "Santiago", 82));
    }

    private void oneChainManyDatabases() {
        page.heading("The same chain on each of them: customers.contextWrite(usingConnection(name))");
        page.line(Shop.CUSTOMERS);
        registry.names().forEach(this::show);
    }

    private void defaultConnection() {
        page.heading("A chain that names no connection: an error, until a default is set");
        page.error(errorOf(shop.customers()));
        registry.defaultConnection("berlin");
        page.line("registry.defaultConnection(\"berlin\")");
        page.row("default", registry.product("berlin"), rows(shop.customers()));
    }

    private void addWhileRunning() {
        page.heading("Add a connection while the program runs");
        registry.register(sqlite("vienna", "vienna.db"));
        fill("vienna", new Customer(1, "Lise", 89), new Customer(2, "Erwin", 73));
        show("vienna");
    }

    private void move() {
        page.heading("Move a connection: same name, same chain, another database from now on");
        registry.register(sqlite("newparis", "paris-2.db"));
        fill("newparis", new Customer(1, "Sophie", 55), new Customer(2, "Henri", 58));
        page.line("before");
        show("paris");
        registry.replace(sqlite("paris", "paris-2.db")).block();
        page.line("after registry.replace(..)");
        show("paris");
        registry.unregister("newparis").block();
    }

    private void transactions() {
        page.heading("Transactions: commit when the work completes, roll back when it fails");
        addTwo("paris");
        page.line("two customers added in one transaction");
        show("paris");
        page.line("one customer added, then the transaction fails");
        page.error(failToAddOne("paris"));
        show("paris");
    }

    private void addTwo(String name) {
        db.inTransaction(shop.add(new Customer(8, "Emmy", 53)).then(shop.add(new Customer(9, "Leonhard", 76))))
                .contextWrite(usingConnection(name))
                .block();
    }

    private Throwable failToAddOne(String name) {
        Mono<Long> declined = Mono.error(new IllegalStateException("The card was declined."));
        return errorOf(db.inTransaction(shop.add(new Customer(10, "Nobody", 99)).then(declined))
                .contextWrite(usingConnection(name)));
    }

    private void switchInsideTransaction() {
        page.heading("Another connection inside a transaction is refused, and the transaction rolls back");
        Mono<Long> elsewhere = shop.add(new Customer(6, "Nobody", 99)).contextWrite(usingConnection("berlin"));
        Mono<Long> work = shop.add(new Customer(5, "Nobody", 99)).then(elsewhere);
        page.error(errorOf(db.inTransaction(work).contextWrite(usingConnection("paris"))));
        show("paris");
        show("berlin");
    }

    private void unknownName() {
        page.heading("An unknown name never falls back to the default");
        page.error(errorOf(shop.customers().contextWrite(usingConnection("pariss"))));
    }

    private void allAtOnce() {
        page.heading("Several databases at once: in one order, then page by page with a cursor for the client");
        FanOut cities = FanOut.over("berlin", "madrid", "vienna");
        page.line("ordered  " + rows(cities.mergeOrdered(shop.customers(), Comparator.comparing(Customer::id))));
        ShardPages<Customer, Integer> pages = cities.pages(shop.byId());
        ShardPage<Customer, Integer> first = pages.page(null, 3).blockOptional().orElseThrow();
        page.line("page 1   " + first.values());
        CursorCodec cursors = CursorCodec.signedWith(newKey());
        String cursor = cursors.encode("customers", Objects.requireNonNull(first.next()));
        ShardPage<Customer, Integer> second = pages.page(cursors.decode("customers", cursor, Integer.class), 3)
                .blockOptional()
                .orElseThrow();
        page.line("page 2   " + second.values());
        page.error(errorOf(Mono.fromSupplier(() -> cursors.decode("orders", cursor, Integer.class))));
    }

    private static byte[] newKey() {
        byte[] key = new byte[32];
        new SecureRandom().nextBytes(key);
        return key;
    }

    /** The same SQL on databases of three products. */
    void acrossProducts(Servers servers) {
        page.heading("Register a database of a real PostgreSQL and one of a real MySQL");
        registry.register("oslo", servers.postgresql()).register("lima", servers.mysql());
        fill("oslo", new Customer(1, "Niels", 26), new Customer(2, "Sophus", 56));
        fill("lima", new Customer(1, "Paulet", 71));
        for (String name : List.of("oslo", "lima")) {
            page.row(name, registry.product(name), List.of(registry.status(name).where()));
        }
        threeProducts();
    }

    private void threeProducts() {
        List<String> names = List.of("berlin", "oslo", "lima");
        page.heading("Three products, the same chain and the same SQL");
        page.line(Shop.CUSTOMERS);
        names.forEach(this::show);
        page.heading("The same transaction on each of them");
        names.forEach(this::addTwo);
        names.forEach(this::show);
        page.line("one customer added, then the transaction fails");
        page.error(failToAddOne("oslo"));
        show("oslo");
    }

    /** Waits until every pool is closed. */
    void end() {
        registry.close().block();
    }

    private ConnectionDefinition sqlite(String name, String file) {
        return ConnectionDefinition.sqlite(name, folder.resolve(file));
    }

    private void fill(String name, Customer... customers) {
        shop.open(customers).contextWrite(usingConnection(name)).block();
    }

    private void show(String name) {
        page.row(name, registry.product(name), rows(shop.customers().contextWrite(usingConnection(name))));
    }

    private static List<Customer> rows(Flux<Customer> customers) {
        return customers.collectList().blockOptional().orElseThrow();
    }

    /** What a chain answers when it fails, as {@code onErrorResume} in a chain of your own would get it. */
    private static Throwable errorOf(Publisher<?> chain) {
        return Flux.from(chain)
                .then(Mono.<Throwable>error(new AssertionError("This chain must fail")))
                .onErrorResume(Mono::just)
                .blockOptional()
                .orElseThrow();
    }
}
