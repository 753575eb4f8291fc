package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.lock;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.SwitchboardError;
import io.r2dbc.spi.R2dbcNonTransientException;
import io.r2dbc.spi.R2dbcTimeoutException;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.util.context.Context;

/** Every message of this module, read aloud. */
class ErrorMessagesTests {

    private record Customer(int id) {}

    private static RouteHints hints(RoutingHint... hints) {
        Context context = Context.empty();
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return RouteHints.from(context);
    }

    private static Throwable locked() {
        Context context = lock().apply(usingConnection("orders").apply(Context.empty()));
        try {
            usingConnection("billing").apply(context);
            throw new AssertionError("no error");
        } catch (RouteConflictException conflict) {
            return conflict;
        }
    }

    private static Set<String> names(String... names) {
        return new LinkedHashSet<>(List.of(names));
    }

    static Stream<Arguments> messagesOfConflicts() {
        String rule =
                " A connection and its transaction serve one route. Write the hint outside of the transaction, so that"
                        + " it holds when the connection is asked for, or give the other route a connection of its own.";
        return Stream.of(
                row(
                        RouteConflictException.onConnection(
                                "orders", hints(usingConnection("orders")), hints(usingConnection("billing"))),
                        "Connection 'orders' holds the route [connection 'orders'], and [connection 'billing'] was asked for"
                                + " inside." + rule),
                row(
                        RouteConflictException.onConnection("main", hints(), hints(usingConnection("billing"))),
                        "Connection 'main' holds the route without any hint, and [connection 'billing'] was asked for"
                                + " inside." + rule),
                row(
                        RouteConflictException.onConnection(null, hints(), hints(new Shard(3))),
                        "This scope holds the route without any hint, and [shard 3] was asked for inside." + rule),
                row(
                        RouteConflictException.onConnection(
                                "orders",
                                hints(usingConnection("orders"), usingDatabase("shard01")),
                                hints(usingOptions(
                                        options -> options.host("db02").credentials("root", "hunter2")))),
                        "Connection 'orders' holds the route [override [database=shard01], connection 'orders'], and"
                                + " [override [host=db02, other credentials]] was asked for inside." + rule),
                row(
                        locked(),
                        "Connection 'orders' holds the route [connection 'orders'] under lock(), and [connection 'billing']"
                                + " was asked for inside. Inside lock() no hint may change. Remove this hint, or write it"
                                + " further out than lock()."));
    }

    static Stream<Arguments> messages() {
        return Stream.of(
                row(
                        NoRouteException.withoutDefault(hints()),
                        "No connection was chosen: the Context has no routing hint. Choose one with"
                                + " contextWrite(usingConnection(\"name\")) at the end of the chain, or set one for all with"
                                + " registry.defaultConnection(\"name\"); a Context written elsewhere does not reach here"
                                + " through block(), subscribe(..), toFuture() or a plain Subscriber."),
                row(
                        new NoRouteException(hints(readOnly()), "Ask again"),
                        "No connection was chosen: the Context only has [READ_ONLY]. Ask again."),
                row(
                        new ProductMismatchException("billing", "PostgreSQL", "MySQL"),
                        "Connection 'billing' is MySQL, and it was asked for through the view for PostgreSQL, whose users"
                                + " write SQL for PostgreSQL only. Use forProduct(\"MySQL\") for it, or SqlClient, which"
                                + " writes its parameters for every product."),
                row(
                        new ContextLostException("orders", hints(usingConnection("orders"))),
                        "A statement on the connection for [connection 'orders'] has no routing hint in its Context: it was"
                                + " lost on the way, in a plain Subscriber, block(), subscribe(..) or toFuture(). Keep the"
                                + " chain in Reactor, or use captured(contextView) for what loses the Context."),
                row(
                        new RouteLeakException("orders", hints(usingConnection("orders")), hints()),
                        "An answer that was fetched for [connection 'orders'] was about to reach a subscriber with no routing"
                                + " hint: cache(), share(), replay() and publish() run once, with the Context of one of their"
                                + " subscribers. Use cacheByRoute(..) or shareByRoute(..), or write the hint above the operator"
                                + " that shares."),
                row(
                        new RollbackOnlyException("orders", "failed", null),
                        "The transaction was rolled back instead of committed, since an inner transaction that had joined it"
                                + " failed and the outer one went on. Let the error through, or run the inner one with"
                                + " Propagation.NESTED, which rolls back to a savepoint only."),
                row(
                        new TransactionHookException(
                                "orders", TransactionState.ROLLED_BACK, new IllegalStateException()),
                        "The transaction was rolled back; what was to run after it failed. Do not repeat the transaction for"
                                + " that, and handle errors inside of the hook."),
                row(
                        new MoreThanOneRowException("orders", "SELECT *\n  FROM t"),
                        "[SELECT * FROM t] returned more than one row, and one() allows one. Narrow the WHERE clause, or"
                                + " call first() for any row or all() for every row."));
    }

    static Stream<Arguments> messagesOfShards() {
        return Stream.of(
                row(
                        new InvalidShardKeyException("a java.lang.Object"),
                        "A shard key was a java.lang.Object. Allowed: a text of 1 to 1000 characters, an integer number or a"
                                + " UUID. Use one of these, and the same one for everything that belongs together."),
                row(
                        new InvalidShardMapException("orders", "no connection 'asia' is registered", "Register it"),
                        "The shards of 'orders' were not changed: no connection 'asia' is registered. Register it."),
                row(
                        NoShardException.unknownKey("orders", ShardKey.of(7)),
                        "No shard of 'orders' has the shard key 7. Correct the key, or give it a shard in the map."),
                row(
                        new ScatterRefusedException("orders", 3),
                        "All 3 shards of 'orders' were to be asked, which nobody has allowed. Write usingShardKey(key) where"
                                + " one shard has the answer, name the shards that have it with fanOut(name, shards), or allow"
                                + " it once with allowScatter(\"orders\") of the ShardRouter."),
                row(
                        ShardOrderException.notInOrder("s1"),
                        "The rows of the shard 's1' cannot be merged in order: a row came behind one that it belongs before."
                                + " Let the SQL order by exactly what the comparator compares; texts are ordered by the"
                                + " collation of the database, and NULL by its product, unless the SQL says otherwise."),
                row(
                        ShardOrderException.sameKey("s1"),
                        "The rows of the shard 's1' cannot be merged in order: two rows have the same key, and a page could"
                                + " end between them. Make a key of more columns, such as the primary key behind the others,"
                                + " so that it is unique in its database."),
                row(
                        ShardOrderException.notBehind("s1"),
                        "The rows of the shard 's1' cannot be merged in order: a page began with a row that does not come"
                                + " behind the one before the page. Let the SQL leave out everything up to the key that it is"
                                + " given, and order by that key."),
                row(
                        ShardOrderException.withoutKey("s1"),
                        "The rows of the shard 's1' cannot be merged in order: a row has no key. Take columns that are never"
                                + " NULL for the key, or leave such rows out."));
    }

    static Stream<Arguments> messagesOfStatements() {
        Set<String> none = Set.of();
        return Stream.of(
                row(
                        SqlParameterException.mismatch("a", "SELECT :a, :b", names("a", "b"), names("a")),
                        "[SELECT :a, :b] got no value for :b. It has the parameters :a, :b. Call bind(\"b\", value), or"
                                + " bindNull(..) for NULL; a colon that begins no parameter needs a blank behind it."),
                row(
                        SqlParameterException.mismatch("a", "SELECT {t}", names("{t}"), none),
                        "[SELECT {t}] got no value for {t}. It has the parameters {t}. Call identifier(\"t\", name)."),
                row(
                        SqlParameterException.mismatch("a", "SELECT :a", names("a"), names("a", "x", "y")),
                        "[SELECT :a] was given :x, :y, which it does not have. It has the parameters :a. Remove the value or"
                                + " correct its name; inside quotes and comments and after :: nothing is a parameter."),
                row(
                        SqlParameterException.mismatch("a", "SELECT :first", names("first"), names("frist")),
                        "[SELECT :first] got no value for :first and was given :frist, which it does not have. It has the"
                                + " parameters :first. Did you mean :first instead of :frist?"),
                row(
                        SqlParameterException.mismatch(null, "SELECT ':a'", none, names("a")),
                        "[SELECT ':a'] was given :a, which it does not have. It has no named parameter. Remove the value or"
                                + " correct its name; inside quotes and comments and after :: nothing is a parameter."),
                row(
                        SqlParameterException.list("a", "SELECT :a", "a", true),
                        "[SELECT :a] was given an empty list for :a, and SQL has no IN with nothing in it. Leave the condition"
                                + " out, or do not run the statement when there is nothing to look for."),
                row(
                        SqlParameterException.list("a", "SELECT :a", "a", false),
                        "[SELECT :a] was given a list with a null for :a, and a null is never IN or NOT IN anything. Remove it,"
                                + " and ask for IS NULL where that is meant."),
                row(
                        SqlParameterException.tooMany("a", "SELECT :a", SqlDialect.SQLITE, 40_000),
                        "[SELECT :a] has 40000 values, and SQLite takes at most 32766 in one statement. Run it for parts of the"
                                + " list, or put the list into a table and join with that."),
                row(
                        SqlParameterException.ownMarker("a", "SELECT ?", "?"),
                        "[SELECT ?] has the parameter ?, and only named ones can be bound here. Write :name instead, and"
                                + " bind(\"name\", value)."),
                row(
                        new RowMappingException("a", Customer.class, "column 'id' is NULL", "Use COALESCE"),
                        "A row cannot become Customer: column 'id' is NULL. Use COALESCE."));
    }

    static Stream<Arguments> messagesOfInserts() {
        SqlIdentifier table = new SqlIdentifier(List.of("sales", "customer"));
        return Stream.of(
                row(
                        new SqlIdentifierException("a", SqlDialect.MYSQL, "", "is empty"),
                        "MySQL has nothing that is named '': the name is empty. Where it comes from a request, answer that"
                                + " there is no such name, or choose from a list of names that you know."),
                row(
                        new InsertRowException("a", table, 7, "has no 'name'", List.of("id", "name")),
                        "Row 7 (counted from 0) for the table 'sales.customer' has no 'name'. The columns are id, name: those"
                                + " named in columns(..), else those of the first row. Give every row the same ones, with"
                                + " null where there is no value."));
    }

    @Test
    void aStatementThatIsTooSlowSaysSo() {
        AnswerTimeoutException error = new AnswerTimeoutException("a", "SELECT 1", Duration.ofMillis(300));

        assertThat(error)
                .isInstanceOf(R2dbcTimeoutException.class)
                .hasMessage("[SELECT 1] on connection 'a' did not answer within 300 ms, and is being stopped; where it"
                        + " writes, it may have happened. Make it cheaper, with an index or a LIMIT, or give it more time"
                        + " with timeout(..).");
        assertThat(error.facts()).containsEntry("connectionName", "a").containsKeys("sql", "limit");
    }

    @Test
    void aTransactionThatIsPartlyCommittedSaysExactlyHowFar() {
        List<String> done = List.of("orders", "billing");
        PartlyCommittedException failed =
                new PartlyCommittedException(done, "stock", false, List.of("audit"), new IllegalStateException());
        PartlyCommittedException lost =
                new PartlyCommittedException(List.of(), "stock", true, List.of(), new IllegalStateException());

        assertThat(failed)
                .hasMessage(
                        "A transaction over several databases was committed on 'orders', 'billing', and then its commit on"
                                + " 'stock' failed; it was rolled back on 'audit'. Undo or complete it by hand, or use"
                                + " TransactionGuarantee.PREPARED where it must not happen.");
        assertThat(lost)
                .hasMessage(
                        "A transaction over several databases was committed on none, and then its commit on 'stock' was"
                                + " lost on the way, so that nobody knows how it ended. Undo or complete it by hand, or use"
                                + " TransactionGuarantee.PREPARED where it must not happen.");
        assertThat(failed.facts())
                .containsEntry("connectionName", "stock")
                .containsEntry("committed", done)
                .containsEntry("rolledBack", List.of("audit"))
                .containsEntry("outcomeUnknown", false);
    }

    @Test
    void aTransactionThatTakesTooLongSaysSo() {
        TransactionTimeoutException error = new TransactionTimeoutException("a", Duration.ofMillis(300));

        assertThat(error)
                .isInstanceOf(R2dbcTimeoutException.class)
                .hasMessage(
                        "The work of a transaction on connection 'a' took longer than its time-out of 300 ms, and is"
                                + " rolled back. Do less in one transaction, or give it more time with withTimeout(..).");
        assertThat(error.facts()).containsEntry("connectionName", "a").containsKeys("limit");
    }

    private static Arguments row(Throwable error, String message) {
        return arguments(error, message);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource({"messagesOfConflicts", "messages", "messagesOfShards", "messagesOfStatements", "messagesOfInserts"})
    void everyMessageSaysWhatWasFoundAndWhatToDo(Throwable error, String message) {
        assertThat(error)
                .hasMessage(message)
                .isInstanceOf(R2dbcNonTransientException.class)
                .isInstanceOf(SwitchboardError.class);
        SwitchboardError ours = (SwitchboardError) error;
        @Nullable String name = ours.connectionName();
        Map<String, Object> facts = ours.facts();
        assertThat(facts).doesNotContainValue("").isNotEmpty();
        assertThat(facts.get("connectionName")).isEqualTo(name);
    }

    @Test
    void namesThatCannotBeAreRefusedAndShownSafely() {
        assertThatThrownBy(() -> usingConnection("a\u001B[31m"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("No connection is named 'a\\u{1B}[31m': names have 1 to 200 characters, without control or"
                        + " invisible characters. Correct the name.");
        assertThatThrownBy(() -> usingConnection("x".repeat(10_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("No connection is named 'xxx")
                .message()
                .hasSizeLessThan(300);
    }

    @Test
    void manyNamesAreNotAllShown() {
        Set<String> many = IntStream.range(0, 5_000)
                .mapToObj(n -> "name" + n)
                .collect(Collectors.toCollection(LinkedHashSet::new));

        assertThat(SqlParameterException.mismatch("a", "SELECT 1", Set.of(), many))
                .hasMessageContaining(":name8, :name9 and 4990 more, which it does not have")
                .message()
                .hasSizeLessThan(400);
    }

    @Test
    void longSqlIsShownShort() {
        assertThat(new MoreThanOneRowException("a", "SELECT " + "x".repeat(1_000)))
                .message()
                .hasSizeLessThan(300);
    }

    @Test
    void everyErrorOfThisModuleIsReadHere() throws IOException, URISyntaxException {
        Set<String> read = Stream.of(
                        messagesOfConflicts(),
                        messages(),
                        messagesOfShards(),
                        messagesOfStatements(),
                        messagesOfInserts(),
                        ReplicaErrorMessagesTests.messages())
                .flatMap(rows -> rows)
                .map(row -> row.get()[0].getClass().getSimpleName())
                .collect(Collectors.toSet());
        read.add(AnswerTimeoutException.class.getSimpleName());
        read.add(PartlyCommittedException.class.getSimpleName());
        read.add(TransactionTimeoutException.class.getSimpleName());
        read.add(ShardTimeoutException.class.getSimpleName());
        Path classes = Path.of(Routing.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Set<String> found = new LinkedHashSet<>();
        try (Stream<Path> files = Files.list(classes.resolve("dev/switchboard/routing"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Class<?> type = loaded(file.getFileName().toString());
                if (Throwable.class.isAssignableFrom(type) && Modifier.isPublic(type.getModifiers())) {
                    found.add(type.getSimpleName());
                }
            }
        }
        assertThat(found).isNotEmpty().isEqualTo(read);
    }

    private static Class<?> loaded(String file) {
        try {
            return Class.forName("dev.switchboard.routing." + file.replace(".class", ""));
        } catch (ClassNotFoundException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
