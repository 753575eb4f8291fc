package dev.switchboard.examples.scenarios;

import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.databases.DatabaseServer;
import dev.switchboard.databases.Databases;
import dev.switchboard.databases.Product;
import dev.switchboard.routing.EntityClient;
import dev.switchboard.routing.Router;
import dev.switchboard.routing.Routing;
import dev.switchboard.routing.RoutingConnectionFactory;
import dev.switchboard.routing.SqlClient;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.io.PrintStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Orders are written to a PostgreSQL and read from a MySQL. Who places or lists orders names no database: where the entity is
 * read and written is said once, in {@link #models}. An order and the note that tells of it (an outbox) are one transaction,
 * and {@link #project} carries the notes over to the read side, each exactly once: row and number of the note are written in
 * one transaction there, so a note that is found again has no effect; only then is it deleted where it came from.
 */
final class Cqrs {

    /** An order as the read side shows it. */
    record Order(long id, String customer, int cents) {}

    private final SqlClient db;
    private final EntityClient orders;

    private Cqrs(SqlClient db) {
        this.db = db;
        this.orders = db.forEntity(Order.class);
    }

    static void run(PrintStream out) {
        try (DatabaseServer postgresql = Databases.startServer(Product.POSTGRESQL);
                DatabaseServer mysql = Databases.startServer(Product.MYSQL)) {
            ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
                    .register("writing", postgresql.createDatabase().url())
                    .register("reading", mysql.createDatabase().url());
            try {
                new Cqrs(SqlClient.over(RoutingConnectionFactory.over(registry, models()))).show(out);
            } finally {
                registry.close().block();
            }
        }
    }

    private static Router models() {
        return Router.byEntity(entities -> entities.entity(Order.class, "reading", "writing"));
    }

    private void show(PrintStream out) {
        out.println("CQRS: orders are written to a PostgreSQL and read from a MySQL");
        Led led = new Led(out);
        led.heading("Two databases of different products");
        led.run("tables of the write side", createWriteSide());
        led.run("tables of the read side", createReadSide());

        led.heading("The program speaks of orders, not of databases");
        led.run("Ada orders for 1,200 and 800", place(1, "Ada", 1_200).concatWith(place(2, "Ada", 800)));
        led.run("Kurt orders for 4,200", place(3, "Kurt", 4_200));
        led.run("all orders, before the projection", list());

        led.heading("The projection carries them over, and again finds nothing to do");
        led.run("orders carried over", project().flux());
        led.run("orders carried over", project().flux());
        led.run("all orders", list());
        led.run("what Ada has spent", spent("Ada").flux());

        led.heading("Whoever must see what was just written reads where it was written");
        led.run("Ada orders for 300", place(4, "Ada", 300));
        led.run("what Ada has spent", spent("Ada").flux());
        led.run("the same with readWrite()", spent("Ada").flux().contextWrite(Routing.readWrite()));
    }

    private Flux<Long> createWriteSide() {
        return Flux.just(
                        "CREATE TABLE customer_order (id BIGINT PRIMARY KEY, customer VARCHAR(40), cents INT)",
                        "CREATE TABLE outbox (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id BIGINT)")
                .concatMap(sql -> orders.update(sql).rowsUpdated())
                .last()
                .flux();
    }

    private Flux<Long> createReadSide() {
        return Flux.just(
                        "CREATE TABLE customer_order (id BIGINT PRIMARY KEY, customer VARCHAR(40), cents INT)",
                        "CREATE TABLE carried (note BIGINT PRIMARY KEY)")
                .concatMap(sql -> db.sql(sql).rowsUpdated())
                .last()
                .flux()
                .contextWrite(Routing.usingConnection("reading"));
    }

    /** The order and the note of it: both or none. */
    private Flux<Long> place(long id, String customer, int cents) {
        Mono<Long> order = db.sql("INSERT INTO customer_order VALUES (:id, :customer, :cents)")
                .bind("id", id)
                .bind("customer", customer)
                .bind("cents", cents)
                .rowsUpdated();
        Mono<Long> note = db.sql("INSERT INTO outbox (order_id) VALUES (:id)")
                .bind("id", id)
                .rowsUpdated();
        return db.inTransaction(order.then(note)).flux().contextWrite(Routing.usingEntity(Order.class));
    }

    private Flux<Order> list() {
        return orders.query("SELECT id, customer, cents FROM customer_order ORDER BY id")
                .map(Order.class)
                .all();
    }

    private Mono<Long> spent(String customer) {
        return orders.query("SELECT COALESCE(SUM(cents), 0) FROM customer_order WHERE customer = :customer")
                .bind("customer", customer)
                .map(Long.class)
                .one();
    }

    /** A note of the write side with the order that it tells of. */
    record Note(long note, long id, String customer, int cents) {}

    /** Answers how many orders were carried over. */
    private Mono<Long> project() {
        return notes().contextWrite(Routing.usingConnection("writing"))
                .concatMap(note -> carry(note)
                        .contextWrite(Routing.usingConnection("reading"))
                        .onErrorComplete(R2dbcDataIntegrityViolationException.class)
                        .then(forget(note).contextWrite(Routing.usingConnection("writing"))))
                .count();
    }

    private Flux<Note> notes() {
        return db.sql("SELECT o.id AS note, c.id, c.customer, c.cents FROM outbox o JOIN customer_order c"
                        + " ON c.id = o.order_id ORDER BY o.id")
                .map(Note.class)
                .all();
    }

    private Mono<Long> carry(Note note) {
        Mono<Long> number = db.sql("INSERT INTO carried VALUES (:note)")
                .bind("note", note.note())
                .rowsUpdated();
        Mono<Long> row = db.sql("INSERT INTO customer_order VALUES (:id, :customer, :cents)")
                .bind("id", note.id())
                .bind("customer", note.customer())
                .bind("cents", note.cents())
                .rowsUpdated();
        return db.inTransaction(number.then(row));
    }

    private Mono<Long> forget(Note note) {
        return db.sql("DELETE FROM outbox WHERE id = :note")
                .bind("note", note.note())
                .rowsUpdated();
    }
}
