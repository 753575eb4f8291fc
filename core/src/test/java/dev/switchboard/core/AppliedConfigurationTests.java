package dev.switchboard.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.test.StepVerifier;

/** What becomes of the names of a registry when configurations are applied to it; nothing here is opened. */
class AppliedConfigurationTests {

    private final ReactiveConnectionRegistry registry = ReactiveConnectionRegistry.create();

    @AfterEach
    void close() {
        Borrowing.close(registry);
    }

    private static ConnectionDefinition h2(String name, String database) {
        return ConnectionDefinition.ofDriver(name, "h2").withDatabase(database);
    }

    /** A connection for each name, to a database of the name behind the colon. */
    private static SwitchboardConfiguration configuration(String... connections) {
        return configuration(builder -> builder, connections);
    }

    private static SwitchboardConfiguration configuration(
            UnaryOperator<SwitchboardConfiguration.Builder> more, String... connections) {
        SwitchboardConfiguration.Builder builder =
                SwitchboardConfiguration.builder().environment(Map.of());
        for (String connection : connections) {
            String[] parts = connection.split(":", -1);
            builder.connection(parts[0], d -> d.driver("h2").database(parts[1]));
        }
        return more.apply(builder).build();
    }

    private void applied(SwitchboardConfiguration configuration, AppliedConfiguration expected) {
        StepVerifier.create(registry.apply(configuration)).expectNext(expected).verifyComplete();
    }

    private static AppliedConfiguration done(
            Set<String> registered, Set<String> replaced, Set<String> unregistered, Set<String> leftToProgram) {
        return new AppliedConfiguration(registered, replaced, unregistered, leftToProgram);
    }

    private String database(String name) {
        return registry.slot(name).definition().where();
    }

    @Test
    void aRegistryOfDefinitionsHasAllOfThemOrIsNone() {
        ReactiveConnectionRegistry made = ReactiveConnectionRegistry.create(List.of(h2("a", "x"), h2("b", "x")));
        assertThat(made.names()).containsExactly("a", "b");
        assertThatThrownBy(() -> ReactiveConnectionRegistry.create(List.of(h2("a", "x"), h2("a", "y"))))
                .isInstanceOf(DuplicateConnectionException.class);
        Borrowing.close(made);
    }

    @Test
    void aRegistryOfAConfigurationHasItsConnectionsAndItsDefault() {
        ReactiveConnectionRegistry made = configuration(builder -> builder.defaultConnection("b"), "a:x", "b:y")
                .createRegistry();
        assertThat(made.names()).containsExactly("a", "b");
        assertThat(made.defaultConnection()).isEqualTo("b");
        StepVerifier.create(made.apply(configuration("a:x")))
                .expectNext(done(Set.of(), Set.of(), Set.of("b"), Set.of()))
                .verifyComplete();
        assertThat(made.defaultConnection()).isNull();
        Borrowing.close(made);
    }

    @Test
    void exactlyTheDifferenceIsApplied() {
        applied(configuration("a:1", "b:1", "c:1"), done(Set.of("a", "b", "c"), Set.of(), Set.of(), Set.of()));
        ConnectionSlot unchanged = registry.slot("a");
        ConnectionSlot changed = registry.slot("b");
        applied(configuration("a:1", "b:2", "d:1"), done(Set.of("d"), Set.of("b"), Set.of("c"), Set.of()));
        assertThat(registry.names()).containsExactly("a", "b", "d");
        assertThat(registry.slot("a")).isSameAs(unchanged);
        assertThat(registry.slot("b")).isSameAs(changed);
        assertThat(database("b")).isEqualTo("2");
        applied(configuration("a:1", "b:2", "d:1"), done(Set.of(), Set.of(), Set.of(), Set.of()));
    }

    @Test
    void nothingIsChangedBeforeSubscription() {
        assertThat(registry.apply(configuration("a:1"))).isNotNull();
        assertThat(registry.names()).isEmpty();
    }

    @Test
    void whatTheProgramRegisteredStaysAsItIs() {
        registry.register(h2("own", "own")).register(h2("both", "own"));
        applied(configuration("both:1", "c:1"), done(Set.of("c"), Set.of(), Set.of(), Set.of("both")));
        assertThat(database("both")).isEqualTo("own");
        applied(configuration(), done(Set.of(), Set.of(), Set.of("c"), Set.of()));
        assertThat(registry.names()).containsExactly("both", "own");
    }

    @Test
    void whatTheProgramReplacedIsItsOwnFromThenOn() {
        applied(configuration("a:1", "b:1"), done(Set.of("a", "b"), Set.of(), Set.of(), Set.of()));
        registry.replace(h2("a", "standby")).block(Borrowing.PATIENCE);
        registry.replace(h2("b", "standby")).block(Borrowing.PATIENCE);
        applied(configuration("a:2"), done(Set.of(), Set.of(), Set.of(), Set.of("a")));
        assertThat(registry.names()).containsExactly("a", "b");
        assertThat(database("a")).isEqualTo("standby");
    }

    @Test
    void whatTheProgramRemovedComesBackWithTheConfigurationAndWhatItRegisteredAnewIsItsOwn() {
        applied(configuration("a:1", "b:1"), done(Set.of("a", "b"), Set.of(), Set.of(), Set.of()));
        registry.unregister("a").block(Borrowing.PATIENCE);
        registry.unregister("b").block(Borrowing.PATIENCE);
        registry.register(h2("b", "1"));
        applied(configuration("a:1", "b:1"), done(Set.of("a"), Set.of(), Set.of(), Set.of("b")));
        applied(configuration(), done(Set.of(), Set.of(), Set.of("a"), Set.of()));
        assertThat(registry.names()).containsExactly("b");
    }

    @Test
    void aDefaultOfTheConfigurationComesAndGoesWithIt() {
        applied(
                configuration(builder -> builder.defaultConnection("a"), "a:1", "b:1"),
                done(Set.of("a", "b"), Set.of(), Set.of(), Set.of()));
        assertThat(registry.defaultConnection()).isEqualTo("a");
        applied(
                configuration(builder -> builder.defaultConnection("b"), "b:1"),
                done(Set.of(), Set.of(), Set.of("a"), Set.of()));
        assertThat(registry.defaultConnection()).isEqualTo("b");
        applied(configuration("b:1"), done(Set.of(), Set.of(), Set.of(), Set.of()));
        assertThat(registry.defaultConnection()).isNull();
    }

    @Test
    void aDefaultOfTheProgramStays() {
        registry.register(h2("own", "own")).defaultConnection("own");
        applied(
                configuration(builder -> builder.defaultConnection("a"), "a:1"),
                done(Set.of("a"), Set.of(), Set.of(), Set.of()));
        assertThat(registry.defaultConnection()).isEqualTo("own");
        registry.noDefaultConnection();
        applied(
                configuration(builder -> builder.defaultConnection("own"), "a:1"),
                done(Set.of(), Set.of(), Set.of(), Set.of()));
        assertThat(registry.defaultConnection()).isEqualTo("own");
    }

    @Test
    void nothingIsChangedWhereTheDefaultIsNotThere() {
        applied(configuration("a:1", "b:1"), done(Set.of("a", "b"), Set.of(), Set.of(), Set.of()));
        StepVerifier.create(registry.apply(configuration(builder -> builder.defaultConnection("b"), "a:2", "c:1")))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(InvalidConfigurationException.class)
                        .hasMessage("The configuration cannot be used: the default connection (program): there is no"
                                + " connection 'b'. Allowed: a connection of the configuration, or one that the program"
                                + " registered before. Correct the name, or define the connection."))
                .verify();
        assertThat(registry.names()).containsExactly("a", "b");
        assertThat(database("a")).isEqualTo("1");
    }

    @Test
    void nothingIsChangedWhereTheDefaultOfTheProgramWouldGo() {
        applied(configuration("a:1", "b:1"), done(Set.of("a", "b"), Set.of(), Set.of(), Set.of()));
        registry.defaultConnection("b");
        StepVerifier.create(registry.apply(configuration("a:2"))).verifyError(DefaultConnectionException.class);
        assertThat(registry.names()).containsExactly("a", "b");
        assertThat(database("a")).isEqualTo("1");
    }

    @Test
    void aClosedRegistryTakesNoConfiguration() {
        registry.close().block(Borrowing.PATIENCE);
        StepVerifier.create(registry.apply(configuration("a:1"))).verifyError(RegistryClosedException.class);
        StepVerifier.create(registry.apply(configuration())).verifyError(RegistryClosedException.class);
        assertThat(registry.names()).isEmpty();
    }
}
