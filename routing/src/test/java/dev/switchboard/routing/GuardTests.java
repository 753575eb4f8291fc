package dev.switchboard.routing;

import static dev.switchboard.routing.Routing.readOnly;
import static dev.switchboard.routing.Routing.readWrite;
import static dev.switchboard.routing.Routing.usingConnection;
import static dev.switchboard.routing.Routing.usingDatabase;
import static dev.switchboard.routing.Routing.usingDefaultConnection;
import static dev.switchboard.routing.Routing.usingOptions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.switchboard.core.ConnectionOverride;
import dev.switchboard.core.ReactiveConnectionRegistry;
import dev.switchboard.core.Route;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** What a statement may ask for on a connection that was made for certain hints. */
class GuardTests {

    private static final RoutingHint A = usingConnection("a");
    private static final RoutingHint B = usingConnection("b");
    private static final RoutingHint MAIN = usingConnection("main");
    private static final RoutingHint DEFAULT = usingDefaultConnection();
    private static final RoutingHint SHARD = new Shard(1);
    private static final RoutingHint OTHER_SHARD = new Shard(2);

    private static final RoutingHint DATABASE = usingDatabase("x");
    private static final RoutingHint SAME_DATABASE = usingOptions(options -> options.database("x"));
    private static final RoutingHint OTHER_DATABASE = usingDatabase("y");
    private static final RoutingHint AS_REGISTERED = usingOptions(options -> options);

    private static final boolean RUNS = true;
    private static final boolean CONFLICT = false;

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create()
            .register("main", "r2dbc:h2:mem:///unused")
            .register("a", "r2dbc:h2:mem:///unused")
            .register("b", "r2dbc:h2:mem:///unused")
            .defaultConnection("main");
    private final RoutingRules plain = RoutingRules.of(registry, null);
    private final RoutingRules routed = RoutingRules.of(registry, (soFar, hints) -> Mono.just(soFar));

    /** What the connection was made for, what the statement asks for, the outcome without and with a router. */
    static Stream<Arguments> table() {
        return Stream.of(
                // nothing asked: the connection's route holds
                arguments(List.of(), List.of(), RUNS, RUNS),
                arguments(List.of(A), List.of(), RUNS, RUNS),
                arguments(List.of(SHARD, readOnly()), List.of(), RUNS, RUNS),
                // the same asked
                arguments(List.of(A), List.of(A), RUNS, RUNS),
                arguments(List.of(A, SHARD), List.of(SHARD, A), RUNS, RUNS),
                arguments(List.of(DEFAULT), List.of(DEFAULT), RUNS, RUNS),
                // less asked: what is left out holds
                arguments(List.of(A, SHARD), List.of(SHARD), RUNS, RUNS),
                arguments(List.of(A, readOnly()), List.of(A), RUNS, RUNS),
                // another name, shard
                arguments(List.of(A), List.of(B), CONFLICT, CONFLICT),
                arguments(List.of(A, SHARD), List.of(B, SHARD), CONFLICT, CONFLICT),
                arguments(List.of(SHARD), List.of(OTHER_SHARD), CONFLICT, CONFLICT),
                // something new asked, which nobody has routed
                arguments(List.of(), List.of(A), CONFLICT, CONFLICT),
                arguments(List.of(readOnly()), List.of(A), CONFLICT, CONFLICT),
                arguments(List.of(), List.of(SHARD), CONFLICT, CONFLICT),
                arguments(List.of(A), List.of(A, SHARD), CONFLICT, CONFLICT),
                // the default by its name: the same where no router stands behind the name
                arguments(List.of(), List.of(MAIN), RUNS, CONFLICT),
                arguments(List.of(DEFAULT), List.of(MAIN), RUNS, CONFLICT),
                arguments(List.of(MAIN), List.of(DEFAULT), RUNS, CONFLICT),
                // no name is the default, whatever stands behind it
                arguments(List.of(), List.of(DEFAULT), RUNS, RUNS),
                arguments(List.of(SHARD), List.of(SHARD, DEFAULT), RUNS, RUNS),
                arguments(List.of(A), List.of(DEFAULT), CONFLICT, CONFLICT),
                arguments(List.of(DEFAULT), List.of(A), CONFLICT, CONFLICT),
                // reading on what may write, not the other way round
                arguments(List.of(), List.of(readOnly()), RUNS, RUNS),
                arguments(List.of(A), List.of(A, readOnly()), RUNS, RUNS),
                arguments(List.of(readWrite()), List.of(readOnly()), RUNS, RUNS),
                arguments(List.of(readWrite()), List.of(readWrite()), RUNS, RUNS),
                arguments(List.of(), List.of(readWrite()), RUNS, RUNS),
                arguments(List.of(readOnly()), List.of(readOnly()), RUNS, RUNS),
                arguments(List.of(readOnly()), List.of(readWrite()), CONFLICT, CONFLICT),
                arguments(List.of(A, readOnly()), List.of(A, readWrite()), CONFLICT, CONFLICT),
                arguments(List.of(A, readOnly()), List.of(B, readOnly()), CONFLICT, CONFLICT));
    }

    static Stream<Arguments> overrides() {
        return Stream.of(
                arguments(List.of(A, DATABASE), List.of(), RUNS, RUNS),
                arguments(List.of(A, DATABASE), List.of(A), RUNS, RUNS),
                arguments(List.of(A, DATABASE), List.of(SAME_DATABASE, A), RUNS, RUNS),
                arguments(List.of(A, DATABASE), List.of(DATABASE, readOnly()), RUNS, RUNS),
                arguments(List.of(A, DATABASE), List.of(OTHER_DATABASE), CONFLICT, CONFLICT),
                arguments(List.of(A, DATABASE), List.of(A, OTHER_DATABASE), CONFLICT, CONFLICT),
                arguments(List.of(A, DATABASE), List.of(B, DATABASE), CONFLICT, CONFLICT),
                arguments(List.of(A, DATABASE), List.of(AS_REGISTERED), CONFLICT, CONFLICT),
                arguments(List.of(A), List.of(A, DATABASE), CONFLICT, CONFLICT),
                arguments(List.of(), List.of(DATABASE), CONFLICT, CONFLICT),
                arguments(List.of(A), List.of(A, AS_REGISTERED), RUNS, RUNS),
                arguments(List.of(A, AS_REGISTERED), List.of(A), RUNS, RUNS),
                arguments(List.of(A, AS_REGISTERED), List.of(DATABASE), CONFLICT, CONFLICT));
    }

    @ParameterizedTest(name = "made for {0}, asked for {1}: runs {2}, with a router {3}")
    @MethodSource({"table", "overrides"})
    void theGuardDecidesAsTheTableSays(
            List<RoutingHint> held, List<RoutingHint> asked, boolean runsPlain, boolean runsRouted) {
        assertThat(runs(plain, held, asked)).isEqualTo(runsPlain);
        assertThat(runs(routed, held, asked)).isEqualTo(runsRouted);
    }

    private static boolean runs(RoutingRules rules, List<RoutingHint> held, List<RoutingHint> asked) {
        try {
            new HintBinding(rules, context(held), true).check(context(asked));
            return true;
        } catch (RouteConflictException conflict) {
            return false;
        }
    }

    private static Context context(List<RoutingHint> hints) {
        Context context = Context.empty();
        for (RoutingHint hint : hints) {
            context = hint.apply(context);
        }
        return context;
    }

    @Test
    void theDefaultIsFixedWithTheConnection() {
        HintBinding binding = new HintBinding(plain, Context.empty(), true);

        registry.defaultConnection("a");

        assertThat(route(binding, false)).isEqualTo(Route.to("main"));
        assertThatThrownBy(() -> binding.check(A.apply(Context.empty()))).isInstanceOf(RouteConflictException.class);
    }

    @Test
    void aReadOnlyTransactionNarrowsTheRouteAndRefusesWriters() {
        HintBinding binding = new HintBinding(plain, Context.empty(), true);

        assertThat(route(binding, true)).isEqualTo(new Route("main", true, null));
        assertThatThrownBy(() -> binding.check(readWrite().apply(Context.empty())))
                .isInstanceOf(RouteConflictException.class);
    }

    @Test
    void aReadOnlyTransactionStaysOnThePrimaryWhenItsScopeSaysReadWrite() {
        HintBinding binding = new HintBinding(plain, readWrite().apply(Context.empty()), true);

        assertThat(route(binding, true)).isEqualTo(Route.to("main"));
    }

    @Test
    void aReadOnlyTransactionStaysOnThePrimaryWhenItsFirstStatementSaysReadWrite() {
        HintBinding binding = new HintBinding(plain, Context.empty(), true);

        binding.check(readWrite().apply(Context.empty()));

        assertThat(route(binding, true)).isEqualTo(Route.to("main"));
        assertThatCode(() -> binding.check(readWrite().apply(Context.empty()))).doesNotThrowAnyException();
    }

    @Test
    void aStatementThatLostAllHintsIsCounted() {
        HintBinding binding = new HintBinding(plain, A.apply(Context.empty()), true);

        binding.check(Context.empty());
        binding.check(Context.of("other", 1));
        binding.check(A.apply(Context.empty()));
        binding.check(readOnly().apply(Context.empty()));

        assertThat(plain.lostContexts()).isEqualTo(2);
    }

    @Test
    void aConnectionWithoutHintsHasNoneToLose() {
        new HintBinding(plain, Context.empty(), true).check(Context.empty());

        assertThat(plain.lostContexts()).isZero();
    }

    @Test
    void aCapturedContextIsExpectedToGetLost() {
        RoutingRules strict = plain.strict();

        new HintBinding(strict, A.apply(Context.empty()), false).check(Context.empty());

        assertThat(strict.lostContexts()).isZero();
    }

    @Test
    void aStrictFactoryRefusesAStatementThatLostAllHints() {
        HintBinding binding = new HintBinding(plain.strict(), A.apply(Context.empty()), true);

        assertThatThrownBy(() -> binding.check(Context.empty())).isInstanceOf(ContextLostException.class);
    }

    @Test
    void anOverrideIsPartOfTheRouteUnlessItChangesNothing() {
        HintBinding binding = new HintBinding(plain, context(List.of(A, DATABASE)), true);
        ConnectionOverride expected = ConnectionOverride.builder().database("x").build();

        assertThat(route(binding, false)).isEqualTo(new Route("a", false, null, expected));
        assertThat(route(new HintBinding(routed, context(List.of(A, AS_REGISTERED)), true), false))
                .isEqualTo(Route.to("a"));
    }

    private static @Nullable Route route(HintBinding binding, boolean readOnlyTransaction) {
        return binding.resolve(readOnlyTransaction).block();
    }
}
