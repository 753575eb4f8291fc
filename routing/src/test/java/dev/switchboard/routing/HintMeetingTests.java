package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.lock;
import static dev.switchboard.routing.Routing.preventWrites;
import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readOnlyByDefault;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.readWriteUnlessPrevented;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingEntity;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

/** The table "how hints meet": the outer one is written nearer to the subscriber, the inner one nearer to the query. */
class HintMeetingTests {

    private static final String REFUSED = "refused";

    /** A kind that never changes inside its scope, as a tenant does not. */
    private record Owner(String name) implements RoutingHint {
        @Override
        public RoutingHint mergedInto(@Nullable RoutingHint outer) {
            if (outer != null && !outer.equals(this)) {
                throw new IllegalStateException("another owner");
            }
            return this;
        }

        @Override
        public String toString() {
            return "owner " + name;
        }
    }

    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");
    private static final RoutingHint DEFAULT = usingDefaultConnection();
    private static final RoutingHint SHARD = ShardKey.of(1);
    private static final RoutingHint OTHER_SHARD = ShardKey.of(2);
    private static final RoutingHint OWNER = new Owner("x");
    private static final RoutingHint OTHER_OWNER = new Owner("y");
    private static final RoutingHint ENTITY = usingEntity(Integer.class);
    private static final RoutingHint OTHER_ENTITY = usingEntity(String.class);
    private static final RoutingHint OTHER_DATABASE = usingDatabase("x");
    private static final RoutingHint OTHER_HOST = usingOptions(options -> options.host("db02"));
    private static final RoutingHint AS_REGISTERED = usingOptions(options -> options);

    private static final List<RoutingHint> LOCKED_OUT = List.of(
            A,
            B,
            DEFAULT,
            readOnly(),
            readWrite(),
            SHARD,
            OTHER_SHARD,
            ENTITY,
            OTHER_ENTITY,
            OTHER_DATABASE,
            OTHER_HOST,
            AS_REGISTERED);
    private static final List<RoutingHint> KINDS =
            List.of(A, DEFAULT, readOnly(), SHARD, OWNER, ENTITY, OTHER_DATABASE);

    static Stream<Arguments> table() {
        return Stream.of(
                // of one kind the nearest to the query wins
                arguments(A, B, "[connection 'b']"),
                arguments(A, A, "[connection 'a']"),
                arguments(A, DEFAULT, "[the default connection]"),
                arguments(DEFAULT, A, "[connection 'a']"),
                arguments(DEFAULT, DEFAULT, "[the default connection]"),
                arguments(readOnly(), readOnly(), "[READ_ONLY]"),
                arguments(readOnly(), readWrite(), "[READ_WRITE]"),
                arguments(readWrite(), readOnly(), "[READ_ONLY]"),
                arguments(SHARD, SHARD, "[shard key 1]"),
                arguments(SHARD, OTHER_SHARD, "[shard key 2]"),
                // unless the hint itself refuses
                arguments(OWNER, OWNER, "[owner x]"),
                arguments(OWNER, OTHER_OWNER, REFUSED),
                // of different kinds they combine
                arguments(A, readOnly(), "[READ_ONLY, connection 'a']"),
                arguments(readOnly(), A, "[READ_ONLY, connection 'a']"),
                arguments(A, SHARD, "[connection 'a', shard key 1]"),
                arguments(SHARD, A, "[connection 'a', shard key 1]"),
                arguments(A, OWNER, "[owner x, connection 'a']"),
                arguments(OWNER, A, "[owner x, connection 'a']"),
                arguments(DEFAULT, readOnly(), "[READ_ONLY, the default connection]"),
                arguments(readOnly(), DEFAULT, "[READ_ONLY, the default connection]"),
                arguments(DEFAULT, SHARD, "[the default connection, shard key 1]"),
                arguments(SHARD, DEFAULT, "[the default connection, shard key 1]"),
                arguments(DEFAULT, OWNER, "[owner x, the default connection]"),
                arguments(OWNER, DEFAULT, "[owner x, the default connection]"),
                arguments(readOnly(), SHARD, "[READ_ONLY, shard key 1]"),
                arguments(SHARD, readOnly(), "[READ_ONLY, shard key 1]"),
                arguments(readOnly(), OWNER, "[READ_ONLY, owner x]"),
                arguments(OWNER, readOnly(), "[READ_ONLY, owner x]"),
                arguments(SHARD, OWNER, "[owner x, shard key 1]"),
                arguments(OWNER, SHARD, "[owner x, shard key 1]"));
    }

    static Stream<Arguments> overrides() {
        return Stream.of(
                // of one kind the nearest to the query wins, as a whole
                arguments(OTHER_DATABASE, OTHER_DATABASE, "[override [database=x]]"),
                arguments(OTHER_DATABASE, OTHER_HOST, "[override [host=db02]]"),
                arguments(OTHER_HOST, OTHER_DATABASE, "[override [database=x]]"),
                arguments(OTHER_DATABASE, AS_REGISTERED, "[no override]"),
                arguments(AS_REGISTERED, OTHER_DATABASE, "[override [database=x]]"),
                // with another kind it combines
                arguments(A, OTHER_DATABASE, "[override [database=x], connection 'a']"),
                arguments(OTHER_DATABASE, A, "[override [database=x], connection 'a']"),
                arguments(DEFAULT, OTHER_DATABASE, "[override [database=x], the default connection]"),
                arguments(OTHER_DATABASE, DEFAULT, "[override [database=x], the default connection]"),
                arguments(readOnly(), OTHER_DATABASE, "[READ_ONLY, override [database=x]]"),
                arguments(OTHER_DATABASE, readOnly(), "[READ_ONLY, override [database=x]]"),
                arguments(SHARD, OTHER_DATABASE, "[override [database=x], shard key 1]"),
                arguments(OTHER_DATABASE, SHARD, "[override [database=x], shard key 1]"),
                arguments(OWNER, OTHER_DATABASE, "[override [database=x], owner x]"),
                arguments(OTHER_DATABASE, OWNER, "[override [database=x], owner x]"));
    }

    static Stream<Arguments> entities() {
        return Stream.of(
                // of one kind the nearest to the query wins
                arguments(ENTITY, ENTITY, "[entity Integer]"),
                arguments(ENTITY, OTHER_ENTITY, "[entity String]"),
                // with another kind it combines
                arguments(A, ENTITY, "[entity Integer, connection 'a']"),
                arguments(ENTITY, A, "[entity Integer, connection 'a']"),
                arguments(DEFAULT, ENTITY, "[entity Integer, the default connection]"),
                arguments(ENTITY, DEFAULT, "[entity Integer, the default connection]"),
                arguments(readOnly(), ENTITY, "[READ_ONLY, entity Integer]"),
                arguments(ENTITY, readOnly(), "[READ_ONLY, entity Integer]"),
                arguments(SHARD, ENTITY, "[entity Integer, shard key 1]"),
                arguments(ENTITY, SHARD, "[entity Integer, shard key 1]"),
                arguments(OWNER, ENTITY, "[entity Integer, owner x]"),
                arguments(ENTITY, OWNER, "[entity Integer, owner x]"),
                arguments(OTHER_DATABASE, ENTITY, "[entity Integer, override [database=x]]"),
                arguments(ENTITY, OTHER_DATABASE, "[entity Integer, override [database=x]]"));
    }

    static Stream<Arguments> modesByLibraries() {
        return Stream.of(
                // what reads follows the scope, what writes follows only a prevention
                arguments(readOnly(), readOnlyByDefault(), "[READ_ONLY]"),
                arguments(readWrite(), readOnlyByDefault(), "[READ_WRITE]"),
                arguments(preventWrites(), readOnlyByDefault(), "[READ_ONLY_ENFORCED]"),
                arguments(A, readOnlyByDefault(), "[READ_ONLY, connection 'a']"),
                arguments(readOnly(), readWriteUnlessPrevented(), "[READ_WRITE]"),
                arguments(readWrite(), readWriteUnlessPrevented(), "[READ_WRITE]"),
                arguments(preventWrites(), readWriteUnlessPrevented(), "[READ_ONLY_ENFORCED]"),
                arguments(A, readWriteUnlessPrevented(), "[READ_WRITE, connection 'a']"));
    }

    @ParameterizedTest(name = "outer {0}, inner {1}: {2}")
    @MethodSource({"table", "overrides", "entities", "modesByLibraries"})
    void twoHintsMeetAsTheTableSays(RoutingHint outer, RoutingHint inner, String expected) {
        Mono<String> seen = hintsHere().contextWrite(inner).contextWrite(outer);

        if (expected.equals(REFUSED)) {
            StepVerifier.create(seen).expectError(IllegalStateException.class).verify();
        } else {
            StepVerifier.create(seen).expectNext(expected).verifyComplete();
        }
    }

    @Test
    void everyPairOfKindsIsARow() {
        Set<List<Object>> rows = new HashSet<>();
        Stream.of(table(), overrides(), entities())
                .flatMap(each -> each)
                .map(Arguments::get)
                .forEach(row -> rows.add(List.of(kind(row[0]), kind(row[1]))));
        for (RoutingHint outer : KINDS) {
            for (RoutingHint inner : KINDS) {
                assertThat(rows).contains(List.of(kind(outer), kind(inner)));
            }
        }
    }

    private static Object kind(Object hint) {
        return hint == DEFAULT ? hint : ((RoutingHint) hint).kind();
    }

    static Stream<Arguments> locked() {
        List<Arguments> rows = new ArrayList<>();
        for (RoutingHint outer : KINDS) {
            for (RoutingHint inner : LOCKED_OUT) {
                rows.add(arguments(outer, inner, outer.equals(inner)));
            }
        }
        return rows.stream();
    }

    @ParameterizedTest(name = "outer {0}, lock(), inner {1}: allowed {2}")
    @MethodSource("locked")
    void insideALockOnlyWhatHoldsAlreadyMayBeWritten(RoutingHint outer, RoutingHint inner, boolean allowed) {
        Mono<String> seen = hintsHere().contextWrite(inner).contextWrite(lock()).contextWrite(outer);

        if (allowed) {
            StepVerifier.create(seen).expectNext("[" + outer + "]").verifyComplete();
        } else {
            StepVerifier.create(seen).expectError(RouteConflictException.class).verify();
        }
    }

    @Test
    void aLockEndsWithItsScope() {
        Mono<String> lockedPart = hintsHere().contextWrite(lock());

        StepVerifier.create(lockedPart.then(hintsHere().contextWrite(B)).contextWrite(A))
                .expectNext("[connection 'b']")
                .verifyComplete();
    }

    @Test
    void hintsAndALockComposeAsFunctions() {
        Function<Context, Context> both = A.andThen(lock());

        StepVerifier.create(hintsHere().contextWrite(B).contextWrite(both))
                .expectError(RouteConflictException.class)
                .verify();
    }

    @Test
    void hintsShareOneEntryAndLeaveTheOthersAlone() {
        Context context = Context.of("requestId", 7);

        Context written = readOnly().apply(A.apply(context));

        assertThat(written.size()).isEqualTo(2);
        assertThat(written.<Integer>get("requestId")).isEqualTo(7);
        assertThat(RouteHints.from(context).isEmpty()).isTrue();
    }

    @Test
    void writingWhatHoldsAlreadyKeepsTheSameInstance() {
        RouteHints hints = RouteHints.from(A.apply(Context.empty()));

        assertThat(RouteHints.from(usingConnection("a").apply(hints.writeInto(Context.empty()))))
                .isSameAs(hints);
    }

    @Test
    void aRouterReadsHintsByTheirClass() {
        RouteHints hints = RouteHints.from(SHARD.apply(readOnly().apply(A.apply(Context.empty()))));

        assertThat(hints.get(ShardKey.class)).isEqualTo(ShardKey.of(1));
        assertThat(hints.get(RoutingKey.class)).isEqualTo(RoutingKey.of("a"));
        assertThat(hints.connectionName()).isEqualTo("a");
        assertThat(hints.accessMode()).isEqualTo(AccessMode.READ_ONLY);
        assertThat(hints.asksForDefaultConnection()).isFalse();
        assertThat(hints.get(Owner.class)).isNull();
    }

    @Test
    void theDefaultConnectionIsNoName() {
        RouteHints hints = RouteHints.from(DEFAULT.apply(A.apply(Context.empty())));

        assertThat(hints.connectionName()).isNull();
        assertThat(hints.get(RoutingKey.class)).isNull();
        assertThat(hints.asksForDefaultConnection()).isTrue();
        assertThat(hints.isEmpty()).isFalse();
    }

    @Test
    void aBlankNameIsRefusedAtOnce() {
        assertThatThrownBy(() -> usingConnection(" "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("The connection name is blank. Give the name of a registered connection, or write"
                        + " usingDefaultConnection() for the default.");
    }

    private static Mono<String> hintsHere() {
        return Mono.deferContextual(
                context -> Mono.just(RouteHints.from(context).toString()));
    }
}
