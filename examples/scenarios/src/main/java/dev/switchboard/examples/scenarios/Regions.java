package dev.switchboard.examples.scenarios;

import dev.switchboard.core.ConnectionDefinition;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.routing.FanOut;
import dev.switchboard.routing.Routing;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.ShardMap;
import dev.switchboard.routing.ShardRouter;
import dev.switchboard.routing.SqlClient;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Orders stay in the region of their country: {@code orders} stands for three databases, and the country says which. They are
 * pinned, so that no other way leads there, and only a sum over all regions may ask them all.
 */
final class Regions {

    private static final List<String> PLACES = List.of("europe", "america", "asia");

    private final SqlClient db;
    private final ShardRouter shards;

    private Regions(ReactiveConnectionRegistry registry, ShardRouter shards) {
        this.db = SqlClient.over(RoutingConnectionFactory.over(registry, shards));
        this.shards = shards;
    }

    static void run(PrintStream out) throws IOException {
        Path folder = Files.createTempDirectory("switchboard-regions");
        ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();
        try {
            PLACES.forEach(
                    place -> registry.register(ConnectionDefinition.sqlite(place, folder.resolve(place + ".db"))));
            create(registry);
            ShardMap map = ShardMap.list()
                    .shard("europe", "de", "fr", "es")
                    .shard("america", "us", "ca")
                    .shard("asia", "jp")
                    .pinned()
                    .build();
            ShardRouter shards = ShardRouter.over(registry).replace("orders", map);
            new Regions(registry, shards).show(out);
        } finally {
            registry.close().block();
            delete(folder);
        }
    }

    /** Without the router: the regions are pinned for everybody who goes through it. */
    private static void create(ReactiveConnectionRegistry registry) {
        SqlClient plain = SqlClient.over(RoutingConnectionFactory.over(registry));
        FanOut.over(PLACES)
                .merge(plain.sql("CREATE TABLE customer_order (customer TEXT, country TEXT, cents INTEGER)")
                        .rowsUpdated()
                        .flux())
                .blockLast();
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
            });
        }
    }

    private void show(PrintStream out) {
        out.println("Regions: an order stays where its customer lives");
        Led led = new Led(out);
        led.heading("The country decides");
        led.run("Ada, France, 1,200", place("Ada", "fr", 1_200));
        led.run("Kurt, Germany, 800", place("Kurt", "de", 800));
        led.run("Emmy, United States, 4,200", place("Emmy", "us", 4_200));
        led.run("Hideki, Japan, 300", place("Hideki", "jp", 300));
        led.run("customers of the region of Spain", customers().contextWrite(Routing.usingShardKey("es")));

        led.heading("No other way leads there");
        led.run("a country that nobody serves", place("Lise", "at", 100));
        led.run(
                "the database of Europe, by its name",
                Flux.from(count()).contextWrite(Routing.usingConnection("europe")));

        led.heading("All regions at once, where the program has allowed it");
        led.run("sold everywhere", shards.fanOut("orders").sum(sum()).flux());
        shards.allowScatter("orders");
        led.run(
                "sold everywhere, with allowScatter",
                shards.fanOut("orders").sum(sum()).flux());
    }

    private Flux<Long> place(String customer, String country, int cents) {
        return db.sql("INSERT INTO customer_order VALUES (:customer, :country, :cents)")
                .bind("customer", customer)
                .bind("country", country)
                .bind("cents", cents)
                .rowsUpdated()
                .flux()
                .contextWrite(Routing.usingShardKey(country))
                .contextWrite(Routing.usingConnection("orders"));
    }

    private Flux<String> customers() {
        return db.sql("SELECT customer FROM customer_order ORDER BY customer")
                .map(String.class)
                .all()
                .contextWrite(Routing.usingConnection("orders"));
    }

    private Mono<Long> count() {
        return db.sql("SELECT count(*) FROM customer_order").map(Long.class).one();
    }

    private Mono<Long> sum() {
        return db.sql("SELECT sum(cents) FROM customer_order").map(Long.class).one();
    }
}
