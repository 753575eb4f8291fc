package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.R2dbcException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** What the chains of a hunt do: each step asks databases for their names in one of the ways in which users do it. */
final class HuntSteps {

    /** An answer of a database, and which database had been asked. */
    record Answer(String expected, String actual) {
        boolean isWrong() {
            return !expected.equals(actual);
        }
    }

    /** The work of a transaction is done, so it is to be rolled back. */
    private static final class RollBack extends RuntimeException {

        private static final long serialVersionUID = 1L;

        RollBack() {
            super("to be rolled back", null, false, false);
        }
    }

    private final List<String> names;
    private final RoutingConnectionFactory routed;
    private final SqlClient db;
    private final AtomicInteger ids = new AtomicInteger();

    HuntSteps(List<String> names, RoutingConnectionFactory routed) {
        this.names = names;
        this.routed = routed;
        this.db = SqlClient.over(routed);
    }

    Flux<Answer> next(Random random) {
        String name = name(random);
        return switch (random.nextInt(11)) {
            case 0 -> ask(name, who());
            case 1 -> ask(name, Flux.usingWhen(routed.create(), HuntSteps::plain, Connection::close));
            case 2 -> ask(name, rolledBack(who().concatWith(insert("note", name).thenMany(bodies("note")))));
            case 3 -> nested(name, name(random));
            case 4 -> ask(name, who().publishOn(Schedulers.parallel()).concatMap(first -> who()));
            case 5 -> ask(name, who().subscribeOn(Schedulers.boundedElastic()));
            case 6 -> ask(name, broken().concatWith(who()));
            case 7 -> ask(name, who().contextWrite(readOnly()).concatWith(Flux.defer(this::who)));
            case 8 -> both(name, name(random));
            case 9 -> strayed(name, name(random));
            default -> ask(name, many().concatWith(insert("landed", name).thenMany(Flux.empty())));
        };
    }

    private String name(Random random) {
        return names.get(random.nextInt(names.size()));
    }

    private static Flux<Answer> ask(String name, Flux<String> answers) {
        return answers.map(actual -> new Answer(name, actual)).contextWrite(usingConnection(name));
    }

    private Flux<String> who() {
        return db.sql("SELECT name FROM who").map(String.class).all();
    }

    static Flux<String> plain(Connection connection) {
        return Flux.from(connection.createStatement("SELECT name FROM who").execute())
                .concatMap(result -> result.map((row, metadata) -> String.valueOf(row.get(0))));
    }

    /** Its reader often leaves in the middle. */
    private Flux<String> many() {
        return db.sql("SELECT name FROM many").map(String.class).all().take(20);
    }

    /** Writes where it should land, so that the databases can tell afterwards whether it did. */
    private Mono<Void> insert(String table, String name) {
        return db.sql("INSERT INTO " + table + " (id, body) VALUES (:id, :body)")
                .bind("id", ids.incrementAndGet())
                .bind("body", name)
                .rowsUpdated()
                .then();
    }

    private Flux<String> bodies(String table) {
        return db.sql("SELECT body FROM " + table).map(String.class).all();
    }

    private Flux<String> rolledBack(Flux<String> work) {
        return db.inTransaction(work.concatWith(Flux.error(RollBack::new)))
                .onErrorResume(RollBack.class, done -> Flux.empty());
    }

    /** An error of the database, and nothing else, is what a bad statement ends with. */
    private Flux<String> broken() {
        Mono<String> bad =
                db.sql("SELECT nothing FROM nowhere").map(String.class).one();
        return bad.defaultIfEmpty("no error")
                .onErrorResume(HuntSteps::isOfTheDatabase, expected -> Mono.empty())
                .flux();
    }

    private static boolean isOfTheDatabase(Throwable failure) {
        return failure instanceof R2dbcException && !(failure instanceof SwitchboardError);
    }

    /** A scope inside a scope, and the outer one again. */
    private Flux<Answer> nested(String outer, String inner) {
        return who().flatMap(first -> Flux.concat(
                        Flux.just(new Answer(outer, first)),
                        ask(inner, who()),
                        who().map(last -> new Answer(outer, last))))
                .contextWrite(usingConnection(outer));
    }

    private Flux<Answer> both(String one, String other) {
        return Flux.merge(
                ask(one, who()), ask(other, rolledBack(insert("note", other).thenMany(bodies("note")))));
    }

    /** Another name inside a transaction must not be answered at all. */
    private Flux<Answer> strayed(String name, String other) {
        Flux<String> stray = who().contextWrite(usingConnection(other));
        Flux<String> inside = who().concatWith(
                        name.equals(other)
                                ? stray
                                : stray.map(answer -> answer + " inside a transaction on " + name)
                                        .onErrorResume(RouteConflictException.class, refused -> Flux.empty()));
        return ask(name, rolledBack(inside));
    }

    /** The databases' own view of what was written: every row says where it was written, and no rollback left any. */
    Flux<Answer> landed() {
        return Flux.fromIterable(names)
                .concatMap(name -> ask(name, bodies("landed"))
                        .concatWith(ask(name, bodies("note").map(body -> "a row that was rolled back in " + body))));
    }
}
