package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionFactories;
import io.r2dbc.spi.Option;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** Between which definitions a connection may go: those whose sessions differ by schema or database only. */
@Tag("once")
class LikenessTests {

    private static final ConnectionDefinition POSTGRESQL = ConnectionDefinition.of(
                    "one", "r2dbc:postgresql://app:secret@db01:5432/shop")
            .withSchema("s1");
    private static final ConnectionDefinition MYSQL =
            ConnectionDefinition.of("one", "r2dbc:mysql://app:secret@db01:3306/shop1");
    private static final ConnectionDefinition MARIADB =
            ConnectionDefinition.of("one", "r2dbc:mariadb://app:secret@db01:3306/shop1");

    private static final Supplier<Publisher<String>> ASKED = LikenessTests::asked;

    private static Publisher<String> asked() {
        return Mono.just("asked");
    }

    @Test
    void namesThatDifferBySchemaOrDatabaseOnlyAreAlike() {
        assertThat(Likeness.of(POSTGRESQL))
                .isNotNull()
                .isEqualTo(Likeness.of(POSTGRESQL.withName("two").withSchema("s2")))
                .hasSameHashCodeAs(Likeness.of(POSTGRESQL.withSchema("s2")))
                .hasToString("Likeness");
        for (ConnectionDefinition mysql : new ConnectionDefinition[] {MYSQL, MARIADB}) {
            assertThat(Likeness.of(mysql))
                    .isNotNull()
                    .isEqualTo(Likeness.of(mysql.withName("two").withDatabase("shop2")))
                    .isEqualTo(
                            Likeness.of(mysql.withPool(pool -> pool.maxSize(3)).withSchema("x")))
                    .isNotEqualTo(Likeness.of(POSTGRESQL));
        }
        assertThat(Likeness.of(MYSQL.withPassword(ASKED)))
                .isEqualTo(Likeness.of(MYSQL.withPassword(ASKED).withDatabase("shop2")));
    }

    static Stream<Arguments> differences() {
        Map<String, UnaryOperator<ConnectionDefinition>> changes = Map.ofEntries(
                Map.entry("user", one -> one.withUser("admin")),
                Map.entry("password", one -> one.withPassword("other")),
                Map.entry("asked password", one -> one.withPassword(ASKED)),
                Map.entry("host", one -> one.withHost("db02")),
                Map.entry("port", one -> one.withPort(3307)),
                Map.entry("tls", one -> one.withSettings(settings -> settings.tls(TlsMode.REQUIRED))),
                Map.entry(
                        "statement timeout",
                        one -> one.withSettings(
                                settings -> settings.statementTimeout(java.time.Duration.ofSeconds(3)))),
                Map.entry("role", one -> one.withRole(HostRole.REPLICA)),
                Map.entry("option", one -> one.withOption(Option.valueOf("tcpKeepAlive"), true)),
                Map.entry("unchecked option", one -> one.withUncheckedOption(Option.valueOf("new"), "x")),
                Map.entry(
                        "array of session variables",
                        one -> one.withOption(Option.valueOf("sessionVariables"), new String[] {"a=1"})));
        return Stream.of(POSTGRESQL, MYSQL, MARIADB)
                .flatMap(one -> changes.entrySet().stream()
                        .map(change -> Arguments.of(one.driver() + ", " + change.getKey(), one, change.getValue())));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("differences")
    void whatTheirSessionsDependOnMakesThemStrangers(
            String what, ConnectionDefinition one, UnaryOperator<ConnectionDefinition> change) {
        assertThat(Likeness.of(change.apply(one))).as(what).isNotNull().isNotEqualTo(Likeness.of(one));
    }

    @Test
    void twoSuppliersOfPasswordsAreTwoUntilProvenOtherwise() {
        Supplier<Publisher<String>> other = LikenessTests::asked;
        assertThat(Likeness.of(MYSQL.withPassword(ASKED))).isNotEqualTo(Likeness.of(MYSQL.withPassword(other)));
    }

    @Test
    void whoseSessionsNobodyElseCanMakeHisOwnIsLikeNobody() {
        assertThat(Stream.of(
                        MYSQL.withPreparation(new Nothing()),
                        POSTGRESQL.withPreparation(new Nothing()),
                        MYSQL.withHost("db01,db02"),
                        ConnectionDefinition.of("one", "r2dbc:mysql://app:secret@db01:3306"),
                        ConnectionDefinition.of("one", "r2dbc:postgresql:failover://app:secret@db01/shop"),
                        ConnectionDefinition.of("one", "r2dbc:h2:mem:///one").withSchema("s1"),
                        ConnectionDefinition.of("one", "r2dbc:oracle://app:secret@db01/x"),
                        ConnectionDefinition.of("one", ConnectionFactories.get("r2dbc:h2:mem:///one"))))
                .allMatch(definition -> Likeness.of(definition) == null);
    }

    @Test
    void theStatementCacheOfTheDriverIsOffUnlessSomebodyAsksForIt() {
        assertThat(cacheOf(POSTGRESQL, "preparedStatementCacheQueries")).isEqualTo(0);
        assertThat(cacheOf(MYSQL, "prepareCacheSize")).isEqualTo(0);
        assertThat(cacheOf(MARIADB, "prepareCacheSize")).isEqualTo(0);
        assertThat(StatementCache.without(MARIADB.withOption(Option.valueOf("prepareCacheSize"), 10)))
                .isNull();
        ConnectionDefinition asText =
                ConnectionDefinition.of("one", "r2dbc:mariadb://app@db01:3306/shop1?prepareCacheSize=0");
        assertThat(StatementCache.without(asText)).isSameAs(asText);
    }

    @Test
    void aSchemaAndStatementsThatStayInAnotherOneAreRefusedTogether() {
        ConnectionDefinition both = MARIADB.withSchema("s1").withOption(Option.valueOf("prepareCacheSize"), 10);
        assertThatThrownBy(() -> StatementCache.safe(both))
                .isInstanceOf(InvalidDefinitionException.class)
                .hasMessage(
                        "Connection 'one' cannot be defined: it has a schema, and the driver's option 'prepareCacheSize' keeps"
                                + " statements, which stay in the schema that they were prepared in. Allowed: one of the two. Leave the"
                                + " option out, or name the database in place of the schema.");
        assertThat(cacheOf(StatementCache.safe(MYSQL.withSchema("s1")), "prepareCacheSize"))
                .isEqualTo(0);
        assertThat(StatementCache.safe(MYSQL)).isSameAs(MYSQL);
        assertThat(StatementCache.safe(POSTGRESQL)).isSameAs(POSTGRESQL);
    }

    private static @Nullable Object cacheOf(ConnectionDefinition definition, String option) {
        ConnectionDefinition without = StatementCache.without(definition);
        return without == null || without.options() == null
                ? null
                : without.options().getValue(Option.valueOf(option));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT a, count(*), max(b) FROM t WHERE c IN (1, 2) AND (d = 1) GROUP BY a",
                "INSERT INTO shop.orders (id, total) VALUES (?, now())",
                "INSERT INTO `orders`(id) SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u)",
                "UPDATE t SET a = coalesce(a, 0) + 1 WHERE b = ?",
                "DELETE FROM t WHERE a = 1;",
                "INSERT INTO t VALUES (1, (2)), (3, -(4))",
                "WITH x AS (SELECT 1) SELECT * FROM x JOIN t USING (id)"
            })
    void textsWithoutUnknownFunctionsLeaveNothing(String sql) {
        assertThat(UnseenWork.possible(sql, DriverSheet.of("mysql"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT leave_something(1)",
                "SELECT shop.now()",
                "SELECT `f` (1)",
                "INSERT INTO t (a) VALUES (f(1))",
                "INSERT INTO t SELECT f(a) FROM u",
                "SELECT get_lock('a', 1)",
                "SELECT last_insert_id(7)",
                "SELECT f/**/(1)",
                "SELECT a -- into \n f(1)",
                "SELECT schön\u0308(1)",
                "SELECT now(), f (1)",
                "SELECT 1; SELECT 2",
                "SELECT @a := 1",
                "CALL p()",
                "CREATE TEMPORARY TABLE t (a INT)",
                "/*!50000 CALL p() */"
            })
    void textsThatMayLeaveSomethingAreKnown(String sql) {
        assertThat(UnseenWork.possible(sql, DriverSheet.of("mariadb"))).isTrue();
    }

    private static final class Nothing implements SessionPreparation {

        @Override
        public Object wanted(Route route, ContextView context) {
            return "x";
        }

        @Override
        public Publisher<Void> prepare(Connection connection, Object wanted) {
            return Mono.empty();
        }
    }
}
