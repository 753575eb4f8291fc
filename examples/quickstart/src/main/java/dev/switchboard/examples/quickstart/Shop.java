package dev.switchboard.examples.quickstart;

import dev.switchboard.routing.Keyset;
import dev.switchboard.routing.SqlClient;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A shop and its customers. Nothing here says which database is meant: the one who subscribes decides, with
 * {@code contextWrite(usingConnection("name"))}.
 */
final class Shop {

    static final String CUSTOMERS = "SELECT id, name, age FROM customer WHERE age >= :age ORDER BY id";

    private final SqlClient db;
    private final Flux<Customer> customers;

    Shop(SqlClient db) {
        this.db = db;
        this.customers = db.sql(CUSTOMERS).bind("age", 18).map(Customer.class).all();
    }

    /** Always the same publisher: made once, subscribed once for each database. */
    Flux<Customer> customers() {
        return customers;
    }

    /** Page by page along the key. */
    Keyset<Customer, Integer> byId() {
        return Keyset.of(
                Customer::id,
                (after, rows) -> db.sql("SELECT id, name, age FROM customer WHERE id > :after ORDER BY id LIMIT :rows")
                        .bind("after", after == null ? 0 : after)
                        .bind("rows", rows)
                        .map(Customer.class)
                        .all());
    }

    Mono<Void> open(Customer... first) {
        return db.sql("CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, age INTEGER NOT NULL)")
                .rowsUpdated()
                .thenMany(Flux.fromArray(first))
                .concatMap(this::add)
                .then();
    }

    Mono<Long> add(Customer customer) {
        return db.sql("INSERT INTO customer (id, name, age) VALUES (:id, :name, :age)")
                .bind("id", customer.id())
                .bind("name", customer.name())
                .bind("age", customer.age())
                .rowsUpdated();
    }
}
